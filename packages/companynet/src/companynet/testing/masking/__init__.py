"""Secrets and personal data out of what went over the line, so that a recording can be handed on.

What must not be shown is replaced by something made up of the same form: a word by letters of the same number and
case, an account by one of the same bank whose check digits are right, a NIP or card number by one that checks too.
The same always becomes the same within one :class:`Masker`, and nothing tells what it was: the key is made for one
recording and never written.
"""

from companynet.testing.masking.envelope import Kind, kind_of, mask_envelope
from companynet.testing.masking.masker import Masker

__all__ = ["Kind", "Masker", "kind_of", "mask_envelope"]
