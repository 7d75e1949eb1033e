#include "hex.h"
#include "wire/command.h"

#include <criterion/criterion.h>

static void
expect_hex(struct bs_buf *out, const char *hex) {
    struct bs_buf got = hex_of(bs_buf_str(out));
    cr_assert_str_eq((char *)got.data, hex);
    bs_buf_fini(&got);
    bs_buf_fini(out);
}

Test(command, a_query_is_its_text) {
    struct bs_buf out = {0};
    bs_command_query(&out, bs_str("SET"));
    expect_hex(&out, "03534554");
}

Test(command, registering_gives_the_id_and_a_name) {
    struct bs_buf out = {0};
    bs_command_register(&out, 0x01020304, "bs");
    expect_hex(&out, "15"
                     "04030201"
                     "026273"
                     "00"
                     "00"
                     "0000"
                     "00000000"
                     "00000000");
}

Test(command, a_dump_has_four_bytes_of_position_and_the_name_to_the_end) {
    struct bs_buf out = {0};
    struct bs_error err;
    cr_assert_eq(bs_command_dump(&out, "b.1", 0xFFFFFFFF, BS_DUMP_SEND_ANNOTATE, 7, &err), BS_OK);
    expect_hex(&out, "12"
                     "ffffffff"
                     "0200"
                     "07000000"
                     "622e31");
    cr_assert_eq(bs_command_dump(&out, "", 4, BS_DUMP_NON_BLOCK, 7, &err), BS_OK);
    expect_hex(&out, "12"
                     "04000000"
                     "0100"
                     "07000000");
}

Test(command, a_dump_past_4_gib_is_refused_rather_than_cut) {
    struct bs_buf out = {0};
    struct bs_error err;
    cr_assert_eq(bs_command_dump(&out, "b.1", UINT64_C(0x100000000), 0, 7, &err), BS_LIMIT);
    cr_assert(strstr(err.message, "4294967296") != NULL && strstr(err.message, "4 GiB") != NULL);
    cr_assert_eq(out.len, 0);
}

Test(command, a_dump_before_the_first_event_is_refused) {
    struct bs_buf out = {0};
    struct bs_error err;
    cr_assert_eq(bs_command_dump(&out, "b.1", 0, 0, 7, &err), BS_CONFIG);
}

Test(command, a_gtid_dump_has_no_file_and_flags_of_zero) {
    struct bs_buf out = {0};
    bs_command_dump_gtid(&out, (struct bs_str){"\0\0\0\0\0\0\0\0", 8}, 0, 7);
    expect_hex(&out, "1e"
                     "0000"
                     "07000000"
                     "00000000"
                     "0400000000000000"
                     "08000000"
                     "0000000000000000");
}
