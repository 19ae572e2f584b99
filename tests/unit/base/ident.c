/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ident.h"

#include <string.h>

#include "base/text.h"
#include "tests/unit/unit.h"

/* Says which of the texts a rule takes: `good` ones, then `bad` ones, each list ended by NULL. */
static void check_rule(bool (*rule)(const char *text), const char *const *good,
                       const char *const *bad)
{
    for (; *good; good++)
        ck_assert_msg(rule(*good), "refused: %s", *good);
    for (; *bad; bad++)
        ck_assert_msg(!rule(*bad), "taken: %s", *bad);
    ck_assert(!rule(NULL));
}

/* n times the letter, and a tail. */
static const char *repeated(struct ci_arena *mem, char letter, size_t n, const char *tail)
{
    char *text = ci_alloc(mem, n + strlen(tail) + 1);

    memset(text, letter, n);
    memcpy(text + n, tail, strlen(tail));
    return text;
}

START_TEST(new_uuids_are_of_version_4_and_differ)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *first = ci_uuid_new(ctx->mem), *second = ci_uuid_new(ctx->mem);

    ck_assert_uint_eq(strlen(first), 36);
    ck_assert(ci_uuid_is_like(first));
    ck_assert_int_eq(first[14], '4');
    ck_assert_ptr_nonnull(strchr("89ab", first[19]));
    ck_assert(!ci_same(first, second));
    ck_assert(first[8] == '-' && first[13] == '-' && first[18] == '-' && first[23] == '-');
}
END_TEST

START_TEST(uuids_are_taken_in_every_form_that_python_takes)
{
    static const char *const good[] = {"1be26c0b-03f2-4d2e-ae87-c02d7f33c123",
                                       "1BE26C0B-03F2-4D2E-AE87-C02D7F33C123",
                                       "1be26c0b03f24d2eae87c02d7f33c123",
                                       "{1be26c0b-03f2-4d2e-ae87-c02d7f33c123}",
                                       "urn:uuid:1be26c0b-03f2-4d2e-ae87-c02d7f33c123",
                                       "1-b-e26c0b03f24d2eae87c02d7f33c123-",
                                       "{{1be26c0b03f24d2eae87c02d7f33c123",
                                       NULL};
    static const char *const bad[] = {"",
                                      "node-1",
                                      "1be26c0b-03f2-4d2e-ae87-c02d7f33c12",
                                      "1be26c0b-03f2-4d2e-ae87-c02d7f33c1234",
                                      "1be26c0b-03f2-4d2e-ae87-c02d7f33c12g",
                                      " 1be26c0b-03f2-4d2e-ae87-c02d7f33c123",
                                      "1be26c0b-03f2-4d2e-ae87-c02d7f33c123\n",
                                      "1be26c0b{03f24d2eae87c02d7f33c123",
                                      NULL};

    check_rule(ci_uuid_is_like, good, bad);
}
END_TEST

START_TEST(macs_have_colons)
{
    static const char *const good[] = {"52:54:00:cf:2d:31", "52:54:00:CF:2D:31", NULL};
    static const char *const bad[] = {"",
                                      "52-54-00-cf-2d-31",
                                      "52:54:00:cf:2d",
                                      "52:54:00:cf:2d:3",
                                      "52:54:00:cf:2d:311",
                                      "52:54:00:cf:2d:3g",
                                      "5254:00:cf:2d:31:",
                                      NULL};

    check_rule(ci_mac_is_valid, good, bad);
    ck_assert_str_eq(ci_mac_normal(unit_ctx()->mem, "52:54:00:CF:2D:31"), "52:54:00:cf:2d:31");
}
END_TEST

START_TEST(names_are_of_unreserved_characters)
{
    struct ci_arena *mem = unit_ctx()->mem;
    const char *const good[] = {"a", "Node-1.example_x~", "...", repeated(mem, 'a', 255, ""), NULL};
    const char *const bad[] = {
        "",  "a b", "a/b", "a\n", "caf\xc3\xa9", "a%", "a:b", "a@b", repeated(mem, 'a', 256, ""),
        NULL};

    check_rule(ci_name_is_valid, good, bad);
}
END_TEST

START_TEST(host_names_are_of_small_letters)
{
    struct ci_arena *mem = unit_ctx()->mem;
    const char *const good[] = {
        "a", "9", "node-1", "node-1.example.com", "a.b_c.d.", "a.-b", repeated(mem, 'a', 63, ".b"),
        NULL};
    const char *const bad[] = {"",     "-a",  "a-",   "a_b", "A",    ".a",
                               "a..b", "a..", "a.b-", "a b", "a.b_", repeated(mem, 'a', 64, ".b"),
                               NULL};

    check_rule(ci_hostname_is_valid, good, bad);
}
END_TEST

START_TEST(traits_are_custom_or_standard)
{
    struct ci_arena *mem = unit_ctx()->mem;
    const char *const good[] = {"CUSTOM_A",
                                "CUSTOM__",
                                "CUSTOM_1X",
                                "HW_CPU_X86_VMX",
                                "STORAGE_DISK_SSD",
                                "COMPUTE_ACCELERATORS",
                                NULL};
    const char *const bad[] = {"",
                               "CUSTOM_",
                               "CUSTOM_a",
                               "custom_A",
                               "CUSTOM_A-B",
                               "HW_CPU",
                               "HW_CPU_X86_VMX ",
                               repeated(mem, 'A', 256, ""),
                               ci_printf(mem, "CUSTOM_%s", repeated(mem, 'A', 249, "")),
                               NULL};

    check_rule(ci_trait_is_valid, good, bad);
    ck_assert(ci_trait_is_valid(ci_printf(mem, "CUSTOM_%s", repeated(mem, 'A', 248, ""))));
}
END_TEST

START_TEST(every_standard_trait_is_found)
{
    static const char *const traits[] = {
#define TRAIT(name) #name,
#include "base/standard_traits.def"
#undef TRAIT
    };

    ck_assert_uint_eq(sizeof traits / sizeof traits[0], 345);
    for (size_t i = 0; i < sizeof traits / sizeof traits[0]; i++)
        ck_assert_msg(ci_trait_is_valid(traits[i]), "%s", traits[i]);
}
END_TEST

UNIT_MAIN("base/ident", new_uuids_are_of_version_4_and_differ,
          uuids_are_taken_in_every_form_that_python_takes, macs_have_colons,
          names_are_of_unreserved_characters, host_names_are_of_small_letters,
          traits_are_custom_or_standard, every_standard_trait_is_found)
