# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The only door to companynet: the bank, its formats and signatures.

Each call of the web service is written to the audit (mbank.call) and committed
before it leaves, in a transaction of its own, and completed after; if it
cannot be written it is not made. So a caller may be inside a transaction, but
must not have locked the records of the session or of the head office. Each
error of the library becomes one subclass of MBankError with a translated
sentence and its outcome. The names of the contract stay behind it: outside
they are kept and handed back as they are, kinds.py says what they are for.
"""
from .accounts import is_account, is_mbank, normal_form
from .connection import endpoint
from .kinds import (
    ASK, CONFIRM, FETCH, KINDS, PAYMENTS, SEND, STATEMENTS, can_prove,
    kinds_of, kinds_text, missing_text, operations_of, operations_text, whole)
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
    'ASK', 'CONFIRM', 'FETCH', 'KINDS', 'PAYMENTS', 'SEND', 'STATEMENTS',
    'Token', 'TokenKey', 'ask_orders', 'begin_again', 'begin_login',
    'believes_absence', 'can_ask', 'can_prove', 'certificate_values',
    'check_signature', 'close_login', 'code_page_of', 'complete_login',
    'complete_session', 'confirm_statements', 'create_session',
    'declared_absent', 'dump_intent', 'endpoint', 'entry_identities',
    'fetch_statements', 'finish_session', 'in_doubt', 'is_account',
    'is_executed', 'is_final', 'is_mbank', 'kinds_of', 'kinds_text',
    'last_try', 'list_token', 'list_tokens', 'load_intent', 'load_signer',
    'missing_text', 'new_intent', 'normal_form', 'not_sent',
    'operations_of', 'operations_text', 'probe', 'prove_session',
    'read_certificate_file', 'read_statements', 'send_orders', 'settled_at',
    'signed_text', 'token_modules', 'told_late', 'unlocked', 'whole',
    'write_orders']
