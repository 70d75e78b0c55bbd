/* This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
   this repository contains the full copyright notices and license terms. */
(function() {
    'use strict';

    /* The server says in the preferences whether the user may create a
       session, and with which words; without that nothing is shown. */
    const ID = 'mbank-session';
    const user_menu = Sao.user_menu;
    const logout = Sao.logout;

    function remove() {
        jQuery('#' + ID).remove();
    }

    /* The user's session if there is one, else the dialog; that may have made
       one, or left a signing open, when it closes. */
    function open(info) {
        if (info.session) {
            return Sao.Tab.create({
                'model': 'mbank.session',
                'res_id': info.session,
                'mode': ['form', 'tree'],
                'name': info.label,
            });
        }
        return Sao.Action.execute(info.action, {}, {}).always(refresh);
    }

    /* Answers may come in another order than they were asked for: the last
       one asked for is the newest. */
    let asked = 0;

    function refresh() {
        const session = Sao.Session.current_session;
        const number = ++asked;
        Sao.rpc({
            'method': 'model.res.user.get_preferences',
            'params': [false, {}],
        }, session, true, false).then(preferences => {
            if ((session === Sao.Session.current_session) &&
                    (number === asked)) {
                show(preferences);
            }
        });
    }

    function button(info) {
        const link = jQuery('<a/>', {
            'href': '#',
            'role': 'button',
            'title': info.title,
        }).append(jQuery('<span/>').text(info.label));
        if (info.badge) {
            link.append(' ', jQuery('<span/>', {
                'class': 'mbank-badge mbank-badge-' + info.state,
            }).text(info.badge));
        }
        link.prepend(jQuery('<span/>', {
            'class': 'mbank-state mbank-state-' + info.state,
            'aria-hidden': true,
        }));
        link.click(function(evt) {
            evt.preventDefault();
            open(info);
        });
        return jQuery('<li/>', {'id': ID}).append(link);
    }

    function show(preferences) {
        remove();
        if (preferences.mbank_session) {
            jQuery('#user-preferences').before(
                button(preferences.mbank_session));
        }
    }

    /* The dialog that waits for a signature looks again when the bus says
       that its job went on, and once more when a person would wonder. The
       bus may lose a message that comes while the client asks anew, so the
       job is asked for from time to time as well. */
    const WAITING = 'mbank.session.create.waiting';
    const PATIENCE = 21000;
    const INTERVAL = 4000;
    const update = Sao.Wizard.prototype.update;
    let channel = null;
    let dialog = null;
    let hinted = null;
    let timer = null;

    function shown(wizard, field) {
        const record = wizard.screen && wizard.screen.current_record;
        return record ? record.field_get(field) : null;
    }

    function is_open(wizard) {
        return ((dialog === wizard) &&
            jQuery.contains(document, wizard.widget[0]));
    }

    function look_again(wizard) {
        if (!is_open(wizard)) {
            return;
        }
        if (wizard.__processing) {
            window.setTimeout(look_again, 500, wizard);
        } else if (wizard.screen_state == 'waiting') {
            wizard.response({'state': 'check_', 'validate': false});
        }
    }

    /* What is shown stays as it is, the focus too, until the job goes on. A
       job that is done waits for its session, which may change without it. */
    function watch(wizard) {
        if (!is_open(wizard)) {
            return;
        }
        const job = shown(wizard, 'job');
        const state = shown(wizard, 'job_state');
        if (!job || wizard.__processing) {
            watch_later(wizard);
            return;
        }
        Sao.rpc({
            'method': 'model.mbank.signing.job.read',
            'params': [[job], ['state'], {}],
        }, Sao.Session.current_session, true, false).then(([found]) => {
            if ((found.state != state) || (found.state == 'done')) {
                look_again(wizard);
            }
        }).always(() => watch_later(wizard));
    }

    function watch_later(wizard) {
        window.clearTimeout(timer);
        timer = window.setTimeout(watch, INTERVAL, wizard);
    }

    function went_on(message) {
        if ((message.type != 'mbank_signing') &&
                (message.type != 'mbank_session')) {
            return;
        }
        // What happens to a session has no job: it may be the dialog's; and
        // a dialog that is just being filled does not know its job yet
        const job = dialog && shown(dialog, 'job');
        if (dialog && (!message.job || !job || (job == message.job))) {
            look_again(dialog);
        }
        refresh();
    }

    function listen() {
        const name = 'user:' + Sao.Session.current_session.user_id;
        if (name == channel) {
            return;
        }
        forget();
        channel = name;
        Sao.Bus.register(channel, went_on);
    }

    function forget() {
        if (channel) {
            Sao.Bus.unregister(channel, went_on);
        }
        channel = dialog = hinted = null;
    }

    Sao.Wizard.prototype.update = function(view) {
        update.apply(this, arguments);
        if (view.model == WAITING) {
            dialog = this;
            if (hinted !== this) {
                hinted = this;
                window.setTimeout(look_again, PATIENCE, this);
            }
            watch_later(this);
        } else if (dialog === this) {
            dialog = null;
            refresh();
        }
    };

    Sao.user_menu = function(preferences) {
        user_menu.apply(this, arguments);
        show(preferences);
        if (preferences.mbank_session) {
            listen();
        }
    };

    Sao.logout = function() {
        remove();
        forget();
        return logout.apply(this, arguments);
    };
}());
