"""Which function answers which operation."""

from collections.abc import Callable
from typing import Final

from lxml import etree

from companynet_sandbox.service import background, logins, orders, statements, tasks
from companynet_sandbox.service.guard import Call

#: One for each of :data:`companynet_sandbox.access.operations.OPERATIONS`.  # L-015
HANDLERS: Final[dict[str, Callable[[Call], etree._Element]]] = {
    "login": logins.login_with_password,
    "initLoginWithSignature": logins.init_login_with_signature,
    "loginWithSignature": logins.login_with_signature,
    "logout": logins.logout,
    "initCreateBackgroundSessionWithSignature": background.init_create,
    "createBackgroundSessionWithSignature": background.create,
    "finishBackgroundSession": background.finish,
    "getMT940Ex": statements.get_mt940_ex,
    "checkGetMT940Result": statements.check_get_mt940_result,
    "confirmResponseReceived": tasks.confirm_response_received,
    "universalPaymentSend": orders.universal_payment_send,
    "checkPaymentSendResult": orders.check_payment_send_result,
    "getStatus": orders.get_status,
}
