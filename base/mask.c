/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys are secret, and secrets inside messages.
 *
 * oslo's words are looked for all at once, several bytes a step (Wu and Manber). oslo's regular
 * expressions, the same dozen for every word, are small enough to be matched by hand, greedily and
 * with backtracking as Python does.
 */
#include "base/mask.h"

#include <pthread.h>
#include <string.h>

/* In oslo's order, in which messages are masked. */
static const char *const words[] = {"adminpass",
                                    "admin_pass",
                                    "password",
                                    "admin_password",
                                    "auth_token",
                                    "new_pass",
                                    "auth_password",
                                    "secret_uuid",
                                    "secret",
                                    "sys_pswd",
                                    "token",
                                    "configdrive",
                                    "chappassword",
                                    "encrypted_key",
                                    "private_key",
                                    "fernetkey",
                                    "sslkey",
                                    "passphrase",
                                    "cephclusterfsid",
                                    "octaviaheartbeatkey",
                                    "rabbitcookie",
                                    "cephmanilaclientkey",
                                    "pacemakerremoteauthkey",
                                    "designaterndckey",
                                    "cephadminkey",
                                    "heatauthencryptionkey",
                                    "cephclientkey",
                                    "keystonecredential",
                                    "barbicansimplecryptokek",
                                    "cephrgwkey",
                                    "swifthashsuffix",
                                    "migrationsshkey",
                                    "cephmdskey",
                                    "cephmonkey"};
#define WORDS (sizeof words / sizeof words[0])

#define LETTERS 28 /* a to z, '_', anything else */
#define SHORTEST 5 /* letters of the shortest word, "token" */

_Static_assert(WORDS <= 64, "one bit of a starts[] for each word");

/*
 * Made of the words at first use. A window as long as the shortest word is moved over the text:
 * skips[] tells by its last two letters how far at least the next beginning of a word is, and
 * where that is nothing, starts[] has the words that its first letter may begin.
 */
static uint8_t letters[256];
static uint8_t skips[LETTERS][LETTERS];
static uint64_t starts[LETTERS];
static pthread_once_t tables_made = PTHREAD_ONCE_INIT;

static inline uint8_t letter(char c)
{
    return letters[(unsigned char)c];
}

static void make_letters(void)
{
    memset(letters, LETTERS - 1, sizeof letters);
    for (uint8_t i = 0; i < 26; i++)
        letters['a' + i] = letters['A' + i] = i;
    letters['_'] = 26;
}

static void make_tables(void)
{
    make_letters();
    memset(skips, SHORTEST - 1, sizeof skips);
    for (size_t i = 0; i < WORDS; i++) {
        starts[letter(words[i][0])] |= UINT64_C(1) << i;
        for (uint8_t last = 1; last < SHORTEST; last++) {
            uint8_t *skip = &skips[letter(words[i][last - 1])][letter(words[i][last])];

            if (*skip > SHORTEST - 1 - last)
                *skip = (uint8_t)(SHORTEST - 1 - last);
        }
    }
}

static bool is_word(const char *word, const char *at, const char *end)
{
    while (*word && at < end && letter(*word) == letter(*at)) {
        word++;
        at++;
    }
    return *word == '\0';
}

static bool begins_with_word(const char *at, const char *end)
{
    for (uint64_t left = starts[letter(*at)]; left != 0; left &= left - 1) {
        if (is_word(words[__builtin_ctzll(left)], at, end))
            return true;
    }
    return false;
}

bool ci_mask_is_secret(const char *key, size_t length)
{
    const char *end = key + length;
    size_t last = SHORTEST - 1;

    pthread_once(&tables_made, make_tables);
    while (last < length) {
        uint8_t skip = skips[letter(key[last - 1])][letter(key[last])];

        if (skip == 0 && begins_with_word(key + last - (SHORTEST - 1), end))
            return true;
        last += skip > 0 ? skip : 1;
    }
    return false;
}

/*
 * oslo's patterns, a class a byte, each perhaps followed by '*', '+' or '?':
 * K the word; d digit; s space; S no space; q either quote; n no quote; N not ";
 * M not '; z [A-z]; l not <; v none of space ' " ^; w none of space ' " ^ =; . any;
 * everything else itself, in either case. '|' ends the first group, '!' begins the second;
 * what lies between is the secret. Without '!' nothing follows it.
 */
static const char *const patterns[] = {
    "Kd*s*=s*q|n*!q",     "Kd*s*=s*\"|N*!\"",     "Kd*s*=s*'|M*!'",
    "Kd*s+q|n*!q",        "--Kd*s+|w+!s*",        "<Kd*>|l*!</Kd*>",
    "qKd*qs*:s*q|n*!q",   "qn*Kd*qs*:s*u?q|n*!q", "qn*Kd*qs*,s*'--?z+'s*,s*u?q|n*!q",
    "Kd*s*--?z+s*|S+!s*", "Kd*s*=s*|v+",
};
/* Here the first group alone stays, and the mask is within it already. */
static const char wildcard[] = "qn*Kd*qs*:s*u?q.*q|n*q";

struct match {
    const char *word;
    size_t word_length;
    const char *end;                /* of the message */
    const char *first_end, *second; /* group ends as they were matched */
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static bool is_in(char class, char c)
{
    switch (class) {
    case 'd':
        return c >= '0' && c <= '9';
    case 's':
        return is_space(c);
    case 'S':
        return !is_space(c);
    case 'q':
        return is_quote(c);
    case 'n':
        return !is_quote(c);
    case 'N':
        return c != '"';
    case 'M':
        return c != '\'';
    case 'z':
        return c >= 'A' && c <= 'z';
    case 'l':
        return c != '<';
    case 'v':
        return !is_space(c) && !is_quote(c) && c != '^';
    case 'w':
        return !is_space(c) && !is_quote(c) && c != '^' && c != '=';
    case '.':
        return true;
    case 'u':
        return c == 'u' || c == 'U';
    default:
        return c == class;
    }
}

/* Does the rest of a pattern match at `at`? Gives where the match ends, or NULL. */
static const char *match_here(struct match *m, const char *pattern, const char *at)
{
    const char *most = at, *end;
    size_t min, max;

    for (; *pattern == '|' || *pattern == '!'; pattern++) {
        if (*pattern == '|')
            m->first_end = at;
        else
            m->second = at;
    }
    if (*pattern == '\0')
        return at;
    if (*pattern == 'K') {
        if ((size_t)(m->end - at) < m->word_length || strncasecmp(at, m->word, m->word_length) != 0)
            return NULL;
        return match_here(m, pattern + 1, at + m->word_length);
    }
    min = pattern[1] == '*' || pattern[1] == '?' ? 0 : 1;
    max = pattern[1] == '*' || pattern[1] == '+' ? SIZE_MAX : 1;
    while (most < m->end && (size_t)(most - at) < max && is_in(*pattern, *most))
        most++;
    pattern += pattern[1] == '*' || pattern[1] == '+' || pattern[1] == '?' ? 2 : 1;
    for (; most >= at && (size_t)(most - at) >= min; most--) {
        end = match_here(m, pattern, most);
        if (end || most == at)
            return end;
    }
    return NULL;
}

/* re.sub(): every match from the left on, none overlapping. Gives whether there was any. */
static bool substitute(struct ci_text *to, const struct ci_text *from, const char *word,
                       const char *pattern)
{
    const char *at = from->bytes, *copied = at;
    struct match m = {.word = word, .word_length = strlen(word), .end = from->bytes + from->length};

    while (at < m.end) {
        const char *end;

        m.second = NULL;
        end = match_here(&m, pattern, at);
        if (!end) {
            at++;
            continue;
        }
        ci_text_addn(to, copied, (size_t)(m.first_end - copied));
        if (pattern != wildcard)
            ci_text_add(to, CI_MASK);
        if (m.second)
            ci_text_addn(to, m.second, (size_t)(end - m.second));
        at = copied = end;
    }
    ci_text_addn(to, copied, (size_t)(m.end - copied));
    return copied > from->bytes;
}

static bool mentions(const struct ci_text *message, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= message->length; i++) {
        if (strncasecmp(message->bytes + i, word, n) == 0)
            return true;
    }
    return false;
}

/* One pattern; the message takes the result's place. */
static bool apply(struct ci_text *message, struct ci_text *spare, const char *word,
                  const char *pattern)
{
    struct ci_text swap;

    ci_text_clear(spare);
    if (!substitute(spare, message, word, pattern))
        return false;
    swap = *message;
    *message = *spare;
    *spare = swap;
    return true;
}

bool ci_mask_password(struct ci_text *text, const char *message, size_t length)
{
    struct ci_text now, spare;
    bool masked = false;

    if (!ci_mask_is_secret(message, length))
        return false;
    ci_text_init(&now, SIZE_MAX / 4);
    ci_text_init(&spare, SIZE_MAX / 4);
    ci_text_addn(&now, message, length);
    for (size_t w = 0; w < WORDS; w++) {
        if (!mentions(&now, words[w]))
            continue;
        for (size_t p = 0; p < sizeof patterns / sizeof patterns[0]; p++)
            masked |= apply(&now, &spare, words[w], patterns[p]);
        masked |= apply(&now, &spare, words[w], wildcard);
    }
    if (masked)
        ci_text_addn(text, now.bytes, now.length);
    ci_text_done(&now);
    ci_text_done(&spare);
    return masked;
}
