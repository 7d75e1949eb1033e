#include "base/map.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(map, an_empty_map_has_nothing) {
    struct bs_map map = {0};
    cr_assert_null(bs_map_get(&map, bs_str("a")));
    cr_assert_null(bs_map_remove(&map, bs_str("a")));
    size_t at = 0;
    struct bs_str key;
    void *value = NULL;
    cr_assert_not(bs_map_next(&map, &at, &key, &value));
    bs_map_fini(&map);
}

Test(map, keys_are_bytes_with_nuls_and_copied) {
    struct bs_map map = {0};
    int one = 1, two = 2;
    char key[] = {'a', 0, 'b'};
    cr_assert_null(bs_map_put(&map, (struct bs_str){key, 3}, &one));
    cr_assert_null(bs_map_put(&map, (struct bs_str){key, 1}, &two));
    key[2] = 'c';
    cr_assert_null(bs_map_get(&map, (struct bs_str){key, 3}));
    key[2] = 'b';
    cr_assert_eq(bs_map_get(&map, (struct bs_str){key, 3}), &one);
    cr_assert_eq(bs_map_get(&map, bs_str("a")), &two);
    cr_assert_null(bs_map_get(&map, bs_str("")));
    bs_map_fini(&map);
}

Test(map, putting_again_replaces_and_returns_the_old) {
    struct bs_map map = {0};
    int one = 1, two = 2;
    (void)bs_map_put(&map, bs_str("k"), &one);
    cr_assert_eq(bs_map_put(&map, bs_str("k"), &two), &one);
    cr_assert_eq(map.count, 1);
    cr_assert_eq(bs_map_remove(&map, bs_str("k")), &two);
    cr_assert_eq(map.count, 0);
    cr_assert_null(bs_map_put(&map, bs_str("k"), &one), "a removed key comes back");
    cr_assert_eq(bs_map_get(&map, bs_str("k")), &one);
    bs_map_fini(&map);
}

Test(map, many_entries_survive_growth_and_removal) {
    struct bs_map map = {0};
    enum { COUNT = 20000 };
    static int values[COUNT];
    char key[16];
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "key %d", i);
        (void)bs_map_put(&map, bs_str(key), &values[i]);
    }
    for (int i = 0; i < COUNT; i += 3) {
        snprintf(key, sizeof key, "key %d", i);
        cr_assert_eq(bs_map_remove(&map, bs_str(key)), &values[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "key %d", i);
        cr_assert_eq(bs_map_get(&map, bs_str(key)), i % 3 == 0 ? NULL : &values[i]);
    }
    size_t at = 0, walked = 0;
    struct bs_str name;
    void *value = NULL;
    while (bs_map_next(&map, &at, &name, &value)) {
        walked++;
    }
    cr_assert_eq(walked, map.count);
    bs_map_fini(&map);
}

Test(map, adding_and_removing_for_ever_does_not_grow_for_ever) {
    struct bs_map map = {0};
    int value = 0;
    char key[16];
    for (int i = 0; i < 200000; i++) {
        snprintf(key, sizeof key, "%d", i);
        (void)bs_map_put(&map, bs_str(key), &value);
        (void)bs_map_remove(&map, bs_str(key));
    }
    cr_assert_leq(map.cap, 1024, "%zu slots for an empty map", map.cap);
    bs_map_fini(&map);
}
