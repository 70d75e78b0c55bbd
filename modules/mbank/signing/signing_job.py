# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What is stored of a signature that is made elsewhere.

Each move of a job is one UPDATE that names the state it leaves, in a
transaction of its own (independent.run): of two requests that come at once
one moves the job, the other learns that it did not.
"""
import datetime as dt
import hashlib
import json
import secrets

from trytond.bus import Bus
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction

from .. import signing_ways
from ..clock import utcnow
from ..exceptions import SigningJobBusyError, SigningJobUnknownError
from ..keyring import vault
from ..keyring.sealed import SealedMixin
from ..rights import has_right
from ..sessions.session_states import PENDING
from . import signing_steps
from . import signing_states as states
from .signing_facts import JobFacts

#: For how long the link to the signer serves.
CODE_LIFE = dt.timedelta(minutes=5)
#: For how long the two signatures may take; the bank's challenge and login
#: may end before, which it then says itself.  # L-457
TICKET_LIFE = dt.timedelta(minutes=10)
BY_HAND_LIFE = dt.timedelta(minutes=30)

#: Those that somebody signs elsewhere, meanwhile.
WAYS = [
    (way, name) for way, name in signing_ways.WAYS
    if way != signing_ways.SERVER]


def digest(secret):
    "What is kept of a code or a ticket of 256 random bits"
    return hashlib.sha256(secret.encode()).hexdigest()


class SigningJob(SealedMixin, ModelSQL, ModelView):
    __name__ = 'mbank.signing.job'
    _sealed_fields = ('login_token',)
    _hidden_fields = ('code_hash', 'ticket_hash')

    user = fields.Many2One(
        'res.user', "User", required=True, readonly=True,
        ondelete='CASCADE')
    session = fields.Many2One(
        'mbank.session', "Session", readonly=True, ondelete='SET NULL')
    company = fields.Many2One(
        'company.company', "Head Office", readonly=True, ondelete='SET NULL')
    context_key = fields.Char("Context", required=True, readonly=True)
    state = fields.Selection(
        states.STATES, "State", required=True, readonly=True, sort=False)
    state_string = state.translated('state')
    way = fields.Selection(WAYS, "Way", required=True, readonly=True)
    made = fields.DateTime("Made", required=True, readonly=True)
    code_hash = fields.Char("Code", readonly=True)
    code_until = fields.DateTime("Code Valid Until", readonly=True)
    ticket_hash = fields.Char("Ticket", readonly=True)
    ticket_until = fields.DateTime("To Be Signed Until", readonly=True,
        states={
            'invisible': ~Eval('ticket_until'),
            })
    origin = fields.Char("Origin", readonly=True)
    database = fields.Char("Database", readonly=True)
    client = fields.Char("Signing Program", readonly=True,
        states={
            'invisible': ~Eval('client'),
            })
    signatures = fields.Integer("Signatures", required=True, readonly=True,
        help="How many signatures were taken to be used.")
    content = fields.Text("Content", required=True, readonly=True,
        help="What the person is shown before signing, as JSON.")
    text = fields.Text("Text to Sign", readonly=True, strip=False)
    fingerprint = fields.Char("Fingerprint", readonly=True,
        help="Of the certificate the signatures must be by.")
    login_token = fields.Binary("Login", readonly=True)
    reason = fields.Text("Reason", readonly=True,
        states={
            'invisible': ~Eval('reason'),
            })

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('id', 'DESC')]
        table = cls.__table__()
        cls._sql_indexes.update({
                Index(table,
                    (table.code_hash, Index.Equality(cardinality='high'))),
                Index(table,
                    (table.ticket_hash, Index.Equality(cardinality='high'))),
                })

    @classmethod
    def default_state(cls):
        return states.WAITING

    @classmethod
    def default_signatures(cls):
        return 0

    def get_rec_name(self, name):
        return '%s, %s' % (self.user.rec_name, self.state_string)

    @classmethod
    def search_rec_name(cls, name, clause):
        return [('user.rec_name', *clause[1:])]

    @classmethod
    def facts(cls, job_id):
        "What is known of the job now"
        job = cls(job_id)
        user = job.user
        until = (
            job.code_until if job.state == states.WAITING
            else job.ticket_until)
        return JobFacts(
            id=job.id,
            user=user.id,
            user_name=user.rec_name,
            language=user.language.code if user.language else None,
            entitled=(
                user.active and has_right('group_session_create', user.id)),
            session=job.session.id if job.session else None,
            company=job.company.id if job.company else None,
            state=job.state,
            signatures=job.signatures,
            made=job.made,
            outdated=(
                job.state in states.OPEN
                and (until is None or until <= utcnow())),
            ticket_until=job.ticket_until,
            origin=job.origin,
            content=json.loads(job.content),
            text=job.text,
            fingerprint=job.fingerprint,
            reason=job.reason,
            way=job.way)

    # Finding

    @classmethod
    def of_code(cls, code):
        "The id of the job the code was made for, or None"
        jobs = cls.search([
                ('code_hash', '=', digest(code)),
                ('database', '=', Transaction().database.name),
                ('state', '=', states.WAITING),
                ('code_until', '>', utcnow()),
                ], limit=1)
        return jobs[0].id if jobs else None

    @classmethod
    def of_ticket(cls, ticket):
        "The id of the ticket's job, or None; also of one that is done"
        jobs = cls.search([
                ('ticket_hash', '=', digest(ticket)),
                ('database', '=', Transaction().database.name),
                ('state', 'in', sorted(states.SIGNING | {states.DONE})),
                ('ticket_until', '>', utcnow()),
                ], limit=1)
        return jobs[0].id if jobs else None

    @classmethod
    def open_of(cls, user, context_key):
        "The id of the user's job of which something can still come, or None"
        jobs = cls.search([
                ('user', '=', int(user)),
                ('context_key', '=', context_key),
                ('state', 'in', sorted(states.OPEN)),
                ], limit=1)
        return jobs[0].id if jobs else None

    @classmethod
    def holds(cls, session_id):
        "Whether an open job is to sign the session"
        return bool(cls.search([
                    ('session', '=', session_id),
                    ('state', 'in', sorted(states.OPEN)),
                    ], limit=1))

    # Moving

    @classmethod
    def write(cls, *args):
        # States are left by move alone.
        assert not any('state' in values for values in args[1::2])
        super().write(*args)

    @classmethod
    def copy(cls, jobs, default=None):
        # Nobody may copy one; if the server does, nothing comes of the copy.
        default = default.copy() if default is not None else {}
        default.setdefault('state', states.CANCELLED)
        default.setdefault('session')
        return super().copy(jobs, default=default)

    @classmethod
    def begin(
            cls, content, diks, way, job_company, origin, fingerprint,
            **session):
        """Store the session that is to be signed for, and its job.

        content is what is shown; the rest is for Session.begin. Returns the
        job's id.
        """
        Session = Pool().get('mbank.session')
        session_id = Session.begin(diks, **session)
        job, = cls.create([{
                    'user': session['user'],
                    'session': session_id,
                    'company': job_company,
                    'context_key': session['context_key'],
                    'way': way,
                    'made': utcnow(),
                    'code_until': utcnow() + CODE_LIFE,
                    'origin': origin,
                    'database': Transaction().database.name,
                    'content': json.dumps(content, ensure_ascii=False),
                    'fingerprint': fingerprint,
                    }])
        job.tell()
        return job.id

    @classmethod
    def _update(cls, job_id, before, columns, signatures=None):
        "Change the row if it is as it was; whether it was"
        table = cls.__table__()
        where = (table.id == job_id) & (table.state == before)
        if signatures is not None:
            where &= table.signatures == signatures
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.update(
                [getattr(table, name) for name in columns],
                list(columns.values()), where=where))
        return cursor.rowcount == 1

    @classmethod
    def move(cls, job_id, before, after, signatures=None, **values):
        """Leave a state for another; returns whether it was this caller.

        signatures is how many must have been taken, None for any.
        """
        assert states.TRANSITIONS.allow(before, after), (before, after)
        if not cls._update(job_id, before, {'state': after}, signatures):
            return False
        job = cls(job_id)
        if values:
            cls.write([job], values)
        job.tell()
        return True

    def tell(self):
        "Let the client of the user look again; it is told the id alone"
        Bus.publish('user:%s' % self.user.id, {
                'type': 'mbank_signing',
                'job': self.id,
                })

    @classmethod
    def new_code(cls, job_id):
        """Make the code of the link, in place of the one there was.

        It is kept nowhere. None if somebody came for the job already.
        """
        code = secrets.token_urlsafe(32)
        if cls._update(job_id, states.WAITING, {
                    'code_hash': digest(code),
                    'code_until': utcnow() + CODE_LIFE,
                    }):
            return code

    @classmethod
    def take(cls, job_id, client):
        """Change the code for a ticket; the code is used then.

        Raises SigningJobUnknownError if another request was first.
        """
        ticket = secrets.token_urlsafe(32)
        if not cls.move(
                job_id, states.WAITING, states.TAKEN,
                code_hash=None, ticket_hash=digest(ticket),
                ticket_until=utcnow() + TICKET_LIFE, client=client):
            raise SigningJobUnknownError.of('mbank.msg_signing_unknown')
        return ticket

    @classmethod
    def take_by_hand(cls, job_id):
        "Let the person sign in another program; whether it was this caller"
        return cls.move(
            job_id, states.WAITING, states.TAKEN,
            way=signing_ways.BY_HAND, code_hash=None,
            ticket_until=utcnow() + BY_HAND_LIFE)

    @classmethod
    def keep_challenge(cls, job_id, text):
        "Store the first text; nobody may sign before"
        job = cls(job_id)
        if job.state != states.TAKEN:
            raise SigningJobUnknownError.of('mbank.msg_signing_unknown')
        cls.write([job], {'text': text})
        job.tell()

    @classmethod
    def use_signature(cls, job_id, state, round_):
        """Mark that the signature of the round goes to the bank.

        Raises SigningJobBusyError if one is there or was there already.
        """
        if not cls._update(
                job_id, state, {'signatures': round_},
                signatures=round_ - 1):
            raise SigningJobBusyError.of('mbank.msg_signing_busy')

    @classmethod
    def keep_login(cls, job_id, token, text, fingerprint):
        """Store the login, sealed, and the second text.

        Raises SigningJobUnknownError if the job has ended meanwhile.
        """
        if not cls.move(
                job_id, states.TAKEN, states.HALF_SIGNED,
                login_token=vault.seal(cls(job_id), 'login_token', token),
                text=text, fingerprint=fingerprint):
            raise SigningJobUnknownError.of('mbank.msg_signing_unknown')

    @classmethod
    def finish(cls, job_id, token, end, granted, certificate):
        """Store the session that was made, and who signed it.

        end and granted are what the bank says, certificate the values of the
        signer's. The session is still to be proven, the login to be closed.
        Raises SigningJobUnknownError if the job has ended meanwhile.
        """
        pool = Pool()
        Certificate = pool.get('mbank.certificate')
        Session = pool.get('mbank.session')
        if not cls.move(
                job_id, states.HALF_SIGNED, states.DONE, text=None):
            raise SigningJobUnknownError.of('mbank.msg_signing_unknown')
        job = cls(job_id)
        Session.write([job.session], {
                'certificate': Certificate.keep(job.user.id, certificate),
                'certificate_subject': certificate['subject'],
                })
        Session.keep_made(job.session.id, token, end, granted)

    @classmethod
    def stop(cls, job_id, after, reason, signatures=None,
            session_reason=None):
        """End a job of which nothing comes; returns whether it was open.

        The session is removed; with session_reason it stays, refused. The
        token of a login stays until the login is closed.
        """
        Session = Pool().get('mbank.session')
        job = cls(job_id)
        session = job.session
        if job.state not in states.OPEN or not cls.move(
                job_id, job.state, after, signatures=signatures,
                reason=reason, code_hash=None, text=None):
            return False
        if session and session.state in PENDING:
            if session_reason:
                Session.refuse(session.id, session_reason)
            else:
                Session.discard(session.id)
        return True

    @classmethod
    def forget_login(cls, job_id):
        cls.write([cls(job_id)], {'login_token': None})

    @classmethod
    def give_up(cls, reason):
        "Let go of all jobs here without a word to the bank"
        for job in cls.search([('state', 'in', sorted(states.OPEN))]):
            cls.stop(
                job.id, states.CANCELLED, reason, session_reason=reason)
        cls.write(
            cls.search([('login_token', '!=', None)]), {'login_token': None})

    @classmethod
    def to_clean(cls, late):
        """The ids of jobs that are outdated, and of those with a login left.

        late is the time of the ticket at which no call is under way any more.
        """
        outdated = cls.search([
                ['OR',
                    [
                        ('state', '=', states.WAITING),
                        ('code_until', '<=', utcnow()),
                        ],
                    [
                        ('state', 'in', sorted(states.SIGNING)),
                        ('ticket_until', '<=', late),
                        ],
                    ],
                ])
        ended = cls.search([
                ('state', 'in', sorted(states.ENDED)),
                ('login_token', '!=', None),
                ])
        return [j.id for j in outdated], [j.id for j in ended]

    @classmethod
    def clean(cls):
        "End what is outdated or was left by a process that died"
        signing_steps.clean()
