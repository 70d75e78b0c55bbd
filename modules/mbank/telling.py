# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Telling people: the bell and e-mail."""
from email.message import EmailMessage

import trytond.config as config
from trytond.pool import Pool
from trytond.sendmail import send_message_transactional
from trytond.transaction import Transaction


def users_of(*groups):
    "The active users in one of the groups"
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    User = pool.get('res.user')
    return User.search([
            ('groups', 'child_of', [
                    ModelData.get_id('mbank', g) for g in groups], 'parent'),
            ])


def tell(record, users, label, description=None, by_mail=False):
    """Ring the bell of the users, each in their language.

    label and description are functions that get the record, read in that
    language, and return text without secrets. by_mail sends it to those who
    have an address too, when what was done is committed; a mail that cannot
    be sent is in the server's log.
    """
    for user in users:
        language = user.language.code if user.language else None
        with Transaction().set_context(language=language):
            translated = record.__class__(record.id)
            title = label(translated)
            text = description(translated) if description else None
            translated.notify_user(
                'tryton-warning', title, description=text, user=user)
            if by_mail and user.email:
                _mail(user, title, text)


def _mail(user, title, text):
    message = EmailMessage()
    message['From'] = config.get('email', 'from')
    message['To'] = user.email
    message['Subject'] = ' '.join(title.split())
    message.set_content('\n\n'.join(filter(None, [title, text])))
    send_message_transactional(message)
