"""The operations of the contract by their names."""

from typing import Final

#: Those that a background session may be given.  # L-001
BACKGROUND_OPERATIONS: Final = (
    "getMT940Ex",
    "checkGetMT940Result",
    "confirmResponseReceived",
    "universalPaymentSend",
    "checkPaymentSendResult",
    "getStatus",
)
#: All that this bank serves.  # L-015
OPERATIONS: Final = (
    "login",
    "initLoginWithSignature",
    "loginWithSignature",
    "logout",
    "initCreateBackgroundSessionWithSignature",
    "createBackgroundSessionWithSignature",
    "finishBackgroundSession",
    *BACKGROUND_OPERATIONS,
)
