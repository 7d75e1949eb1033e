#include "scan.h"

#include <pthread.h>

static void
visit_row(struct judge_scan *scan, const struct judge_reader *reader) {
    size_t key_count = scan->plan->key_count;
    struct judge_hash row = judge_hash_bytes(reader->row.data, reader->row.len);
    uint64_t key = row.hi;
    if (key_count > 0) {
        key = judge_hash_bytes(reader->row.data, reader->offsets[key_count]).hi;
    }
    scan->visit(scan->context, reader, row, key);
    scan->row_count++;
}

static void
run_scan(struct judge_scan *scan) {
    struct judge_reader reader;
    scan->row_count = 0;
    scan->is_ok = judge_reader_open(&reader, scan->server, scan->plan, &scan->err);
    bool is_end = !scan->is_ok;
    while (!is_end) {
        scan->is_ok = judge_reader_next(&reader, &is_end, &scan->err);
        is_end = is_end || !scan->is_ok;
        if (!is_end) {
            visit_row(scan, &reader);
        }
    }
    judge_reader_close(&reader);
}

static void *
run_scan_thread(void *argument) {
    mysql_thread_init();
    run_scan(argument);
    mysql_thread_end();
    return NULL;
}

bool
judge_scan_both(struct judge_scan scans[2], struct judge_error *err) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_scan_thread, &scans[1]) != 0) {
        return judge_fail(err, "cannot start a thread");
    }
    run_scan(&scans[0]);
    pthread_join(thread, NULL);
    for (int side = 0; side < 2; side++) {
        if (!scans[side].is_ok) {
            *err = scans[side].err;
            return false;
        }
    }
    return true;
}
