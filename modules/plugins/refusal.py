# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The refusals of tryton_plugins in the user's language."""
from trytond.i18n import gettext

from .exceptions import PluginRefused

# The codes of tryton_plugins.errors, and what the installation adds.
MESSAGES = {
    'configuration': 'plugins.msg_configuration',
    'archive_unreadable': 'plugins.msg_archive_unreadable',
    'archive_tampered': 'plugins.msg_archive_tampered',
    'archive_unsafe': 'plugins.msg_archive_unsafe',
    'archive_too_large': 'plugins.msg_archive_too_large',
    'untrusted_key': 'plugins.msg_untrusted_key',
    'wrong_series': 'plugins.msg_wrong_series',
    'licence_missing': 'plugins.msg_licence_missing',
    'licence_unreadable': 'plugins.msg_licence_unreadable',
    'licence_forged': 'plugins.msg_licence_forged',
    'licence_other_plugin': 'plugins.msg_licence_other_plugin',
    'licence_not_yet_valid': 'plugins.msg_licence_not_yet_valid',
    'licence_expired': 'plugins.msg_licence_expired',
    'licence_other_database': 'plugins.msg_licence_other_database',
    'licence_exhausted': 'plugins.msg_licence_exhausted',
    'requirement_missing': 'plugins.msg_requirement_missing',
    'database_missing': 'plugins.msg_database_missing',
    'not_tryton_database': 'plugins.msg_not_tryton_database',
    'module_missing': 'plugins.msg_module_missing',
    'modules_pending': 'plugins.msg_modules_pending',
    'service_mode_busy': 'plugins.msg_service_mode_busy',
    'not_quiet': 'plugins.msg_not_quiet',
    'activation_failed': 'plugins.msg_activation_failed',
    'request_unknown': 'plugins.msg_request_unknown',
    'interrupted': 'plugins.msg_interrupted',
    'unexpected': 'plugins.msg_unexpected',
    }
STEPS = {
    'archive': 'plugins.msg_step_archive',
    'licence': 'plugins.msg_step_licence',
    'unpacked': 'plugins.msg_step_unpacked',
    'requirements': 'plugins.msg_step_requirements',
    'recovered': 'plugins.msg_step_recovered',
    'database': 'plugins.msg_step_database',
    'service_on': 'plugins.msg_step_service_on',
    'activated': 'plugins.msg_step_activated',
    'service_off': 'plugins.msg_step_service_off',
    }


def sentence(code, parameters, text):
    "The refusal in the user's language; its English text if it is not known"
    try:
        return gettext(MESSAGES[code], **parameters)
    except KeyError:
        return text


def refused(error):
    "The user's form of an error of tryton_plugins"
    return PluginRefused(sentence(error.code, error.parameters, str(error)))


def step_line(step):
    try:
        text = gettext(STEPS[step['code']])
    except KeyError:
        text = step['text']
    return '%.1f s  %s' % (step['seconds'], text)
