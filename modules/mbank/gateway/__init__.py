# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The only door to companynet: the bank, its formats and signatures.

Each call of the web service is written to the audit (mbank.call) and committed
before it leaves, in a transaction of its own, and completed after; if it
cannot be written it is not made. So a caller may be inside a transaction, but
must not have locked the records of the session or of the head office. Each
error of the library becomes one subclass of MBankError with a translated
sentence and its outcome.
"""
from companynet.domain.session import (
    ERP_OPERATIONS as SESSION_OPERATIONS)

from .accounts import is_account, is_mbank, normal_form
from .connection import endpoint
from .orders import (
    ask_orders, begin_again, believes_absence, can_ask, declared_absent,
    dump_intent, in_doubt, is_executed, is_final, load_intent, new_intent,
    not_sent, send_orders, settled_at, told_late, write_orders)
from .sessions import (
    begin_login, close_login, complete_login,
    complete_session, create_session, finish_session, prove_session)
from .signing import (
    certificate_values, check_signature, load_signer, probe,
    read_certificate_file, signed_text)
from .statements import (
    code_page_of, confirm_statements, entry_identities, fetch_statements,
    read_statements)
from .tokens import (
    Token, TokenKey, last_try, list_token, list_tokens, token_modules,
    unlocked)

__all__ = [
    'SESSION_OPERATIONS', 'Token', 'TokenKey', 'ask_orders', 'begin_again',
    'begin_login', 'believes_absence', 'can_ask', 'certificate_values',
    'check_signature', 'close_login', 'code_page_of', 'complete_login',
    'complete_session', 'confirm_statements', 'create_session',
    'declared_absent', 'dump_intent', 'endpoint', 'entry_identities',
    'fetch_statements', 'finish_session', 'in_doubt', 'is_account',
    'is_executed', 'is_final', 'is_mbank', 'last_try', 'list_token',
    'list_tokens', 'load_intent', 'load_signer', 'new_intent', 'normal_form',
    'not_sent', 'probe', 'prove_session', 'read_certificate_file',
    'read_statements', 'send_orders', 'settled_at', 'signed_text',
    'token_modules', 'told_late', 'unlocked', 'write_orders']
