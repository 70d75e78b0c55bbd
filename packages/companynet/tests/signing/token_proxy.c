/* A PKCS#11 module for tests: passes every call on to SoftHSM, but plays what SoftHSM cannot.
 *
 * Words in the file CONTROL, read at each call, drive it: low, last, locked, wrong-locks, removed, refuses-close,
 * pad, cancels, plain-rsa, silent. The file CALLS gets a letter for each login (L, with a PIN; P, at the pad; C, for
 * one signature), logout (O) and signature (S). REAL is the path of SoftHSM; PAD_PIN is typed at the pad.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long rv_t;
typedef rv_t (*call_t)();

/* Places of functions in the list of PKCS#11 2.40, after its version. */
enum { INITIALIZE = 0, FINALIZE = 1, TOKEN_INFO = 6, MECHANISMS = 7, LOGIN = 18, LOGOUT = 19, SIGN_INIT = 42, SIGN = 43 };
enum { OK = 0, FUNCTION_FAILED = 6, DEVICE_ERROR = 0x30, DEVICE_REMOVED = 0x32, CANCELLED = 0x50, MECHANISM_INVALID = 0x70,
       PIN_INCORRECT = 0xA0, PIN_LOCKED = 0xA4, ABSENT = 0xE0, ALREADY_INITIALIZED = 0x191 };
enum { SHA256_RSA_PKCS = 0x40, CONTEXT_SPECIFIC = 2 };
enum { PAD = 0x100, COUNT_LOW = 0x10000, FINAL_TRY = 0x20000, LOCKED = 0x40000 };

static struct list { unsigned char version[8]; call_t calls[68]; } list, *real;
static int wrong_seen, ours;

static int told(const char *word)
{
    char text[256] = " ";
    FILE *file = fopen(CONTROL, "r");
    if (!file)
        return 0;
    text[1 + fread(text + 1, 1, sizeof text - 3, file)] = ' ';
    fclose(file);
    char wanted[64];
    snprintf(wanted, sizeof wanted, " %s ", word);
    return strstr(text, wanted) != NULL;
}

static void note(char letter)
{
    FILE *file = fopen(CALLS, "a");
    if (file) {
        fputc(letter, file);
        fclose(file);
    }
}

static rv_t initialize(void *arguments)
{
    rv_t rv = real->calls[INITIALIZE](arguments);
    ours = rv == OK;  /* else SoftHSM itself is in use in this process */
    wrong_seen = 0;
    return rv == ALREADY_INITIALIZED ? OK : rv;
}

static rv_t finalize(void *reserved)
{
    return ours ? real->calls[FINALIZE](reserved) : OK;
}

static rv_t token_info(unsigned long slot, unsigned char *info)
{
    if (told("removed"))
        return ABSENT;
    if (told("silent"))
        sleep(1);
    rv_t rv = real->calls[TOKEN_INFO](slot, info);
    unsigned long *flags = (unsigned long *)(info + 96);
    *flags &= ~(unsigned long)(COUNT_LOW | FINAL_TRY | LOCKED);
    if (told("low") || told("last"))
        *flags |= COUNT_LOW;
    if (told("last"))
        *flags |= FINAL_TRY;
    if (told("locked") || (wrong_seen && told("wrong-locks")))
        *flags |= LOCKED;
    if (told("pad"))
        *flags |= PAD;
    return rv;
}

static rv_t mechanisms(unsigned long slot, unsigned long *types, unsigned long *count)
{
    rv_t rv = real->calls[MECHANISMS](slot, types, count);
    if (types && rv == OK && told("plain-rsa"))
        for (unsigned long at = 0; at < *count; at++)
            if (types[at] == SHA256_RSA_PKCS)
                types[at] = 1;  /* RSA_PKCS once more */
    return rv;
}

static rv_t login(unsigned long session, unsigned long user, unsigned char *pin, unsigned long length)
{
    note(user == CONTEXT_SPECIFIC ? 'C' : pin ? 'L' : 'P');
    if (told("locked"))
        return PIN_LOCKED;
    if (told("cancels"))
        return CANCELLED;
    if (!pin && told("pad"))
        return real->calls[LOGIN](session, user, PAD_PIN, strlen(PAD_PIN));
    rv_t rv = real->calls[LOGIN](session, user, pin, length);
    if (rv == PIN_INCORRECT && told("wrong-locks"))
        wrong_seen = 1;
    return rv;
}

static rv_t logout(unsigned long session)
{
    note('O');
    if (told("refuses-close"))
        return FUNCTION_FAILED;
    rv_t rv = real->calls[LOGOUT](session);  /* a card forgets its login when it is removed, too */
    return told("removed") ? DEVICE_REMOVED : rv;
}

static rv_t sign_init(unsigned long session, unsigned long *mechanism, unsigned long key)
{
    if (told("plain-rsa") && *mechanism == SHA256_RSA_PKCS)
        return MECHANISM_INVALID;
    return real->calls[SIGN_INIT](session, mechanism, key);
}

static rv_t sign(unsigned long session, unsigned char *data, unsigned long length, unsigned char *out, unsigned long *out_length)
{
    if (out)  /* not when only the length is asked for */
        note('S');
    return told("removed") ? DEVICE_ERROR : real->calls[SIGN](session, data, length, out, out_length);
}

rv_t C_GetFunctionList(void **given)
{
    call_t get = (call_t)dlsym(dlopen(REAL, RTLD_NOW | RTLD_LOCAL), "C_GetFunctionList");
    get(&real);
    list = *real;
    list.calls[INITIALIZE] = (call_t)initialize;
    list.calls[FINALIZE] = (call_t)finalize;
    list.calls[TOKEN_INFO] = (call_t)token_info;
    list.calls[MECHANISMS] = (call_t)mechanisms;
    list.calls[LOGIN] = (call_t)login;
    list.calls[LOGOUT] = (call_t)logout;
    list.calls[SIGN_INIT] = (call_t)sign_init;
    list.calls[SIGN] = (call_t)sign;
    *given = &list;
    return OK;
}
