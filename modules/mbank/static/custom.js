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

    function button(info) {
        const link = jQuery('<a/>', {
            'href': '#',
            'role': 'button',
            'title': info.title,
        }).text(info.label);
        link.prepend(jQuery('<span/>', {
            'class': 'mbank-state mbank-state-' + info.state,
            'aria-hidden': true,
        }));
        link.click(function(evt) {
            evt.preventDefault();
            Sao.Action.execute(info.action, {}, {});
        });
        return jQuery('<li/>', {'id': ID}).append(link);
    }

    Sao.user_menu = function(preferences) {
        user_menu.apply(this, arguments);
        remove();
        if (preferences.mbank_session) {
            jQuery('#user-preferences').before(
                button(preferences.mbank_session));
        }
    };

    Sao.logout = function() {
        remove();
        return logout.apply(this, arguments);
    };
}());
