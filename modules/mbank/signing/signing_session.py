# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a session that is being made knows of its signing."""
from trytond.pool import Pool, PoolMeta

from .signing_states import CANCELLED, FAILED, OPEN


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    @property
    def is_being_signed(self):
        SigningJob = Pool().get('mbank.signing.job')
        return SigningJob.holds(self.id)

    @classmethod
    def call_off(cls, session_id, reason, by_owner_lost=False):
        SigningJob = Pool().get('mbank.signing.job')
        for job in SigningJob.search([
                    ('session', '=', session_id),
                    ('state', 'in', sorted(OPEN)),
                    ]):
            # If the bank is just making the session, it finds the job gone
            # and ends it there; the record stays for its audit.
            SigningJob.stop(
                job.id, FAILED if by_owner_lost else CANCELLED, reason,
                session_reason=reason)
        super().call_off(session_id, reason, by_owner_lost=by_owner_lost)
