# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What became of a share at its target, read back by the source.

The target writes one word beside the identity of the share; it is told here,
and decides nothing: the share stays what the source has made of it.
"""
import datetime as dt

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import without_check_access

from .. import independent, telling
from ..clock import utcnow
from ..exceptions import MBankError
from ..sessions.session_told import concerned
from . import share_proof
from .share_states import SHARED

#: The target is asked less and less often: after a fourth of the share's age.
SHORTEST_PAUSE = dt.timedelta(minutes=5)
LONGEST_PAUSE = dt.timedelta(hours=6)
#: Nothing is to come after these.
_LAST = [share_proof.REFUSED, share_proof.ENDED]


class Share(metaclass=PoolMeta):
    __name__ = 'mbank.share'

    answer = fields.Selection([
            (None, ""),
            (share_proof.WAITING, "Waiting There"),
            (share_proof.IN_FORCE, "In Force There"),
            (share_proof.REFUSED, "Refused There"),
            (share_proof.ENDED, "Ended There"),
            ], "Answer of the Target", readonly=True, sort=False,
        states={
            'invisible': ~Eval('answer'),
            })
    asked = fields.DateTime("Target Asked", readonly=True)

    @classmethod
    @without_check_access
    def deliver_all(cls):
        super().deliver_all()
        for database_id, shares in independent.run(cls._unanswered).items():
            cls._ask(database_id, shares)

    @classmethod
    def _unanswered(cls):
        "Identities of the shares whose target is to be asked, by its profile"
        now = utcnow()
        found = {}
        for share in cls.search([
                    ('state', '=', SHARED),
                    ('expires', '>', now),
                    ['OR', ('answer', '=', None), ('answer', 'not in', _LAST)],
                    ]):
            pause = min(
                max((now - share.shared_at) / 4, SHORTEST_PAUSE),
                LONGEST_PAUSE)
            if share.asked is None or share.asked + pause <= now:
                found.setdefault(share.database.id, []).append(share.identity)
        return found

    @classmethod
    def _ask(cls, database_id, shares):
        pool = Pool()
        Database = pool.get('mbank.database')
        database = pool.get('mbank.external_database')(database_id)
        try:
            with database.connect() as there:
                database.require_key(there.key(Database.get_identity()))
                answers = there.answers(shares)
        except MBankError:
            # Its own delivery says so.
            answers = []
        independent.run(cls._answered, shares, answers)

    @classmethod
    def _answered(cls, shares, answers):
        answers = dict(answers)
        for share in cls.search([('identity', 'in', shares)]):
            answer = answers.get(share.identity, share.answer)
            refused = answer == share_proof.REFUSED != share.answer
            cls.write([share], {'asked': utcnow(), 'answer': answer})
            if refused:
                telling.tell(
                    share, concerned(share.session),
                    lambda share: gettext(
                        'mbank.msg_share_refused_label', share=share.rec_name),
                    lambda _: gettext('mbank.msg_share_refused_there'))
