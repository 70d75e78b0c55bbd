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
       that its job went on, and once more when a person would wonder. */
    const WAITING = 'mbank.session.create.waiting';
    const PATIENCE = 21000;
    const update = Sao.Wizard.prototype.update;
    let channel = null;
    let dialog = null;
    let hinted = null;

    function job_of(wizard) {
        const record = wizard.screen && wizard.screen.current_record;
        return record ? record.field_get('job') : null;
    }

    function look_again(wizard) {
        if ((dialog !== wizard) ||
                !jQuery.contains(document, wizard.widget[0])) {
            return;
        }
        if (wizard.__processing) {
            window.setTimeout(look_again, 500, wizard);
        } else if (wizard.screen_state == 'waiting') {
            wizard.response({'state': 'check_', 'validate': false});
        }
    }

    function went_on(message) {
        if ((message.type != 'mbank_signing') &&
                (message.type != 'mbank_session')) {
            return;
        }
        // What happens to a session has no job: it may be the dialog's
        if (dialog && (!message.job || (job_of(dialog) == message.job))) {
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
        } else if (dialog === this) {
            dialog = null;
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
