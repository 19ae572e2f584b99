/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/mask.h"

START_TEST(messages_are_masked_as_oslo_masks_them)
{
    static const struct {
        const char *message, *masked;
    } cases[] = {
#define CASE(message, masked) {message, masked},
#include "tests/unit/base/mask_cases.def"
#undef CASE
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_text text;
        bool changed;

        ci_text_init(&text, 10000);
        changed = ci_mask_password(&text, cases[i].message, strlen(cases[i].message));
        ck_assert_msg(changed == (strcmp(cases[i].message, cases[i].masked) != 0), "%s",
                      cases[i].message);
        ck_assert_str_eq(text.bytes, changed ? cases[i].masked : "");
        ci_text_done(&text);
    }
}
END_TEST

START_TEST(keys_with_a_secret_word_anywhere_are_secret)
{
    static const char *const secret[] = {"password",
                                         "ipmi_PassWord",
                                         "redfish_password2",
                                         "auth_token",
                                         "agent_secret_token",
                                         "tokens",
                                         "MySecretThing",
                                         "secret_uuid",
                                         "sys_pswd",
                                         "configdrive",
                                         "cephmonkey",
                                         "xcephmdskey",
                                         "sslsslkey",
                                         "papassphrase",
                                         "cephclientkeyring",
                                         "cephclusterfsid",
                                         "barbicansimplecryptokek",
                                         "private_key",
                                         "new_passw",
                                         "admin_passport"};
    static const char *const open[] = {"",         "pass",      "passwor", "ipmi_address",
                                       "toke",     "image_url", "secre_t", "tok\xc3\xa9n",
                                       "priv_key", "ssl_key"};

    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        ck_assert_msg(ci_mask_is_secret(secret[i], strlen(secret[i])), "%s", secret[i]);
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        ck_assert_msg(!ci_mask_is_secret(open[i], strlen(open[i])), "%s", open[i]);
}
END_TEST

START_TEST(a_key_ends_where_its_length_says)
{
    ck_assert(!ci_mask_is_secret("password", 7));
    ck_assert(ci_mask_is_secret("a\0password", 10));
}
END_TEST

UNIT_MAIN("base/mask", messages_are_masked_as_oslo_masks_them,
          keys_with_a_secret_word_anywhere_are_secret, a_key_ends_where_its_length_says)
