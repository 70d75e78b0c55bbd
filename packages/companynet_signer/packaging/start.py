"""What the one-folder build starts."""

import sys

from companynet_signer.cli import main

sys.exit(main())
