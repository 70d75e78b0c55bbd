# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the signer on the workstation asks the server (docs/signer-protocol.md).

The code or the ticket in the message stands for the user, for one job. The
transaction of the request only reads: all that is stored is stored beside it
(independent.py), so a request that is run again finds its code used.
"""
import base64
import binascii
import json
import logging
import re
from functools import wraps

import trytond.config as config
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.protocols.wrappers import (
    HTTPStatus, Response, exceptions, set_max_request_size, with_pool,
    with_transaction)
from trytond.transaction import Transaction
from trytond.url import http_host
from trytond.wsgi import app

from .. import gateway, independent
from ..exceptions import (
    MBankError, SigningAttemptsError, SigningError, SigningJobBusyError,
    SigningJobMessageError, SigningJobOriginError, SigningJobRightError,
    SigningJobRoundError, SigningJobSizeError, SigningJobUnknownError)
from . import signing_steps
from . import signing_states as states
from .signing_facts import TIME_FORMAT

VERSION = 1
#: Bytes a message has at most.
LONGEST = 64 * 1024
LANGUAGES = ('pl', 'en')
_CODE = re.compile('[A-Za-z0-9_-]{43}')

#: The first that fits is taken.
_STATUS = [
    (SigningJobUnknownError, HTTPStatus.NOT_FOUND),
    (SigningJobOriginError, HTTPStatus.FORBIDDEN),
    (SigningJobRightError, HTTPStatus.FORBIDDEN),
    (SigningJobRoundError, HTTPStatus.CONFLICT),
    (SigningJobBusyError, HTTPStatus.CONFLICT),
    (SigningAttemptsError, HTTPStatus.TOO_MANY_REQUESTS),
    (SigningJobSizeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (SigningJobMessageError, HTTPStatus.BAD_REQUEST),
    # Of a signature that is not right nothing was sent.
    (SigningError, HTTPStatus.BAD_REQUEST),
    (MBankError, HTTPStatus.BAD_GATEWAY),
    ]

_REASONS = {
    'declined': 'mbank.msg_signing_reason_declined',
    'wrong_pin': 'mbank.msg_signing_reason_wrong_pin',
    'pin_locked': 'mbank.msg_signing_reason_pin_locked',
    'no_token': 'mbank.msg_signing_reason_no_token',
    'certificate': 'mbank.msg_signing_reason_certificate',
    'driver': 'mbank.msg_signing_reason_driver',
    'changed': 'mbank.msg_signing_reason_changed',
    'failed': 'mbank.msg_signing_reason_failed',
    }

logger = logging.getLogger(__name__)


def _response(status, **members):
    return Response(
        json.dumps({'v': VERSION, **members}, ensure_ascii=False),
        status=status, content_type='application/json',
        headers={'Cache-Control': 'no-store'})


def _answering(func):
    "Answer with JSON, a refusal too"
    @wraps(func)
    def wrapper(request, pool):
        try:
            return _response(HTTPStatus.OK, **func(request))
        except MBankError as error:
            status = next(s for class_, s in _STATUS
                if isinstance(error, class_))
            return _response(status, error={
                    language: error.in_language(language)
                    for language in LANGUAGES})
    return wrapper


def _surviving(func):
    "Say that something went wrong here; why is for the log"
    @wraps(func)
    def wrapper(request, pool):
        try:
            pool.get('mbank.signing.job')
        except KeyError:
            # The module is not installed in this database.
            raise exceptions.NotFound from None
        try:
            return func(request, pool)
        except exceptions.HTTPException:
            raise
        except Exception:
            logger.exception("signing job")
        with Transaction().start(pool.database_name, 0, readonly=True):
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR, error={
                    language: gettext('mbank.msg_signing_internal', language)
                    for language in LANGUAGES})
    return wrapper


def _route(path):
    def decorator(func):
        decorators = [
            _answering, with_transaction(readonly=True), _surviving,
            with_pool, set_max_request_size(LONGEST),
            app.route('/<database_name>/mbank/signing/' + path,
                methods=['POST'])]
        for decorate in decorators:
            func = decorate(func)
        return func
    return decorator


# The message

def _wrong(message_id, **variables):
    return SigningJobMessageError.of(message_id, **variables)


def _message(request):
    "The members of the message, of the right version"
    try:
        data = request.get_data()
    except exceptions.RequestEntityTooLarge as error:
        raise SigningJobSizeError.of(
            'mbank.msg_signing_too_long', longest=LONGEST) from error
    if request.mimetype != 'application/json':
        raise _wrong('mbank.msg_signing_not_json')
    try:
        message = json.loads(data.decode('utf-8'))
    except (ValueError, RecursionError) as error:
        raise _wrong('mbank.msg_signing_not_json') from error
    if not isinstance(message, dict):
        raise _wrong('mbank.msg_signing_not_json')
    version = message.get('v')
    if type(version) is not int or version != VERSION:
        raise _wrong('mbank.msg_signing_version', version=VERSION)
    return message


def _text(message, name, longest):
    value = message.get(name)
    if (not isinstance(value, str) or not value.isprintable()
            or not 0 < len(value) <= longest):
        raise _wrong('mbank.msg_signing_member', member=name)
    return value


def _number(message, name, allowed):
    value = message.get(name)
    if type(value) is not int or value not in allowed:
        raise _wrong('mbank.msg_signing_member', member=name)
    return value


def _signature(message):
    text = _text(message, 'signature', LONGEST)
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise _wrong(
            'mbank.msg_signing_member', member='signature') from error


# Who asks

def _find(find, secret):
    """The facts of the job a code or a ticket stands for.

    Missing, used and outdated ones are all the same; so many from one
    network as there may be wrong passwords.
    """
    LoginAttempt = Pool().get('res.user.login.attempt')
    if (independent.run(LoginAttempt.count_ip)
            > config.getint('session', 'max_attempt_ip_network')):
        raise SigningAttemptsError.of('mbank.msg_signing_attempts')
    job_id = None
    if _CODE.fullmatch(secret):
        job_id = independent.run(find, secret)
    if job_id is None:
        independent.run(LoginAttempt.add, 'mbank-signing')
        raise SigningJobUnknownError.of('mbank.msg_signing_unknown')
    return signing_steps.facts_of(job_id)


def _check_origin(request, job):
    "The signer must have come where the web client is"
    origin = request.headers.get('Origin')
    if http_host() != job.origin or origin not in {None, job.origin}:
        raise SigningJobOriginError.of('mbank.msg_signing_origin')


def _of_ticket(request):
    SigningJob = Pool().get('mbank.signing.job')
    authorization = request.authorization
    ticket = ''
    if authorization is not None and authorization.type == 'bearer':
        ticket = authorization.token or ''
    job = _find(SigningJob.of_ticket, ticket)
    _check_origin(request, job)
    return job


# The routes

@_route('job')
def job(request):
    "Change the code for the job: what is to be signed first"
    SigningJob = Pool().get('mbank.signing.job')
    message = _message(request)
    code = _text(message, 'code', 200)
    client = _text(message, 'client', 100)
    found = _find(SigningJob.of_code, code)
    _check_origin(request, found)
    signing_steps.check_right(found)
    ticket = independent.run(SigningJob.take, found.id, client)
    signing_steps.ask_challenge(signing_steps.facts_of(found.id))
    taken = signing_steps.facts_of(found.id)
    return {
        'ticket': ticket,
        'expires': taken.ticket_until.strftime(TIME_FORMAT),
        **_round(taken),
        }


def _round(job):
    _, encoding = gateway.signed_text(job.text)
    return {
        'round': job.round,
        'encoding': encoding,
        'text': job.text,
        'content': job.content,
        }


@_route('signature')
def signature(request):
    "Take a signature: what is to be signed next, or what was made"
    found = _of_ticket(request)
    message = _message(request)
    round_ = _number(message, 'round', {1, 2})
    signed = _signature(message)
    signing_steps.sign(found, round_, signed)
    after = signing_steps.facts_of(found.id)
    if after.state == states.HALF_SIGNED:
        return _round(after)
    return {'done': _done(after)}


def _done(job):
    Session = Pool().get('mbank.session')

    def read():
        session = Session(job.session)
        return {
            'end': session.end.strftime(TIME_FORMAT),
            'diks': [d.dik for d in session.diks if d.granted],
            'difference': session.difference,
            }
    with signing_steps.acting(job):
        return independent.run(read)


@_route('declined')
def declined(request):
    "End the job: the person said no, or could not sign"
    found = _of_ticket(request)
    reason = _text(_message(request), 'reason', 20)
    if reason not in _REASONS:
        raise _wrong('mbank.msg_signing_member', member='reason')
    with signing_steps.acting(found):
        sentence = gettext(_REASONS[reason])
    signing_steps.decline(found, sentence)
    return {}
