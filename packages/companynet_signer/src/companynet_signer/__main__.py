"""``python -m companynet_signer`` is the command, too; links of the scheme start it this way."""

import sys

from companynet_signer.cli import main

sys.exit(main())
