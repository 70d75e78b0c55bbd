(function() {
    'use strict';

    // The header of the host's 503, see tryton_plugins.host.middleware.
    var HEADER = 'X-Tryton-Service';
    var banner = null, timer = null, database = null;

    var language = function() {
        var lang = (window.Sao && Sao.i18n && Sao.i18n.getlang && Sao.i18n.getlang()) ||
            document.documentElement.lang || navigator.language || 'en';
        // Before the login the client speaks English whatever the user reads.
        if (lang.slice(0, 2) != 'pl' && navigator.language &&
                navigator.language.slice(0, 2) == 'pl' &&
                !(window.Sao && Sao.Session && Sao.Session.current_session)) {
            lang = 'pl';
        }
        return lang.slice(0, 2) == 'pl' ? 'pl' : 'en';
    };

    var sentence = function(query) {
        try {
            return JSON.parse(query.responseText).error[language()];
        } catch (error) {
            return language() == 'pl' ?
                'Trwają prace serwisowe. Po ich zakończeniu program wróci do pracy sam.' :
                'The database is in service mode. The program goes on by itself afterwards.';
        }
    };

    var databaseOf = function(url) {
        var path = new URL(url, document.baseURI).pathname;
        var base = new URL('.', document.baseURI).pathname;
        return path.slice(base.length).split('/')[0];
    };

    var hide = function() {
        if (banner) {
            banner.remove();
            banner = null;
        }
        window.clearTimeout(timer);
        timer = null;
    };

    // The client may be idle: without a request of its own nothing would take the banner away.
    var watch = function() {
        window.clearTimeout(timer);
        timer = window.setTimeout(function() {
            jQuery.ajax({
                'url': database + '/service-mode',
                'global': false,
                'cache': false,
            }).then(hide, function(query) {
                if (query.status == 503 && query.getResponseHeader(HEADER)) {
                    show(query);
                } else if (query.status == 0 || query.status >= 500) {
                    watch();
                } else {
                    hide();
                }
            });
        }, 2000);
    };

    var show = function(query) {
        if (!banner) {
            banner = jQuery('<div/>', {
                'id': 'service-mode',
                'role': 'alert',
            }).prependTo(document.body);
        }
        banner.text(sentence(query));
        watch();
    };

    jQuery(document).ajaxError(function(event, query, settings) {
        if (query.status == 503 && query.getResponseHeader(HEADER)) {
            database = databaseOf(settings.url);
            show(query);
        }
    });

    jQuery(document).ajaxSuccess(function(event, query, settings) {
        if (banner && databaseOf(settings.url) == database) {
            hide();
        }
    });

    // S-306: the client repeats a call that got 503 four times only. In service mode its counter stays at the
    // beginning, so the call goes through when service mode ends, however long it lasts.
    jQuery.ajaxPrefilter(function(options) {
        var failed = options.error;
        if (!('retries' in options) || typeof failed != 'function' || failed.service) {
            return;
        }
        options.error = function(query) {
            if (query.status == 503 && query.getResponseHeader(HEADER)) {
                this.retries = 0;
            }
            return failed.apply(this, arguments);
        };
        options.error.service = true;
    });
}());
