/* Runs bs_snapshot_run for test_snapshot.py: root without a password on two loopback ports.
 *
 *     snapshot_probe SOURCE_PORT TARGET_PORT [threads=N] [rate=BYTES] [load=N] [chunk=BYTES]
 * [memory=BYTES] [lock=MS] [consistency=ftwrl|lock-tables|lock-free] [databases=LIST] [task=NAME]
 * [user=SOURCE_USER] [log=debug]
 *
 * Prints the report as "name=value" lines; exits with the status. */
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "snapshot/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bs_endpoint
local_endpoint(const char *port) {
    return (struct bs_endpoint){
        .user = bs_strdup("root"),
        .password = bs_strdup(""),
        .host = bs_strdup("127.0.0.1"),
        .port = (uint16_t)strtoul(port, NULL, 10),
        .ssl_mode = BS_SSL_DISABLED,
        .connect_timeout_ms = BS_CONNECT_TIMEOUT_DEFAULT_MS,
    };
}

static void
endpoint_free(struct bs_endpoint *endpoint) {
    free(endpoint->user);
    free(endpoint->password);
    free(endpoint->host);
}

static bool
take_option(struct bs_snapshot_config *config, struct bs_selection *selection,
            struct bs_endpoint *source, const char *text) {
    const char *value = strchr(text, '=');
    size_t len = value != NULL ? (size_t)(value - text) : 0;
    struct bs_str name = {text, len};
    uint64_t number = value != NULL ? strtoull(++value, NULL, 10) : 0;
    if (bs_str_is(name, "threads")) {
        config->threads = (unsigned int)number;
    } else if (bs_str_is(name, "chunk")) {
        config->chunk_bytes = number;
    } else if (bs_str_is(name, "memory")) {
        config->memory_bytes = number;
    } else if (bs_str_is(name, "rate")) {
        config->max_bytes_per_s = number;
    } else if (bs_str_is(name, "load")) {
        config->max_load = number;
    } else if (bs_str_is(name, "lock")) {
        config->lock_timeout_ms = (uint32_t)number;
    } else if (bs_str_is(name, "consistency")) {
        config->consistency = strcmp(value, "ftwrl") == 0       ? BS_CONSISTENCY_FTWRL
                              : strcmp(value, "lock-free") == 0 ? BS_CONSISTENCY_LOCK_FREE
                                                                : BS_CONSISTENCY_LOCK_TABLES;
    } else if (bs_str_is(name, "databases")) {
        return bs_selection_parse_list(&selection->databases, value, false, NULL) == BS_OK;
    } else if (bs_str_is(name, "task")) {
        config->state.task = value;
    } else if (bs_str_is(name, "user")) {
        free(source->user);
        source->user = bs_strdup(value);
    } else if (bs_str_is(name, "log")) {
        bs_log_setup(BS_LOG_DEBUG, false);
    } else {
        return false;
    }
    return true;
}

static void
on_progress(void *arg, const struct bs_snapshot_progress *progress) {
    (void)arg;
    fprintf(stderr, "progress: %" PRIu64 "/%" PRIu64 " tables, %" PRIu64 " rows, %" PRId64 " ms\n",
            progress->tables_done, progress->tables_total, progress->rows_done,
            progress->elapsed_ms);
}

static void
print_report(const struct bs_snapshot_report *report) {
    printf("tables=%" PRIu64 "\nrows=%" PRIu64 "\nbytes=%" PRIu64 "\nchunks=%" PRIu64
           "\nretried=%" PRIu64 "\nviews=%" PRIu64 "\nroutines=%" PRIu64 "\ndatabases=%" PRIu64
           "\n",
           report->tables, report->rows, report->bytes, report->chunks, report->chunks_retried,
           report->views, report->routines, report->databases);
    printf("elapsed_ms=%" PRId64 "\nlocked_ms=%" PRId64 "\nconsistency=%s\nreason=%s\n",
           report->elapsed_ms, report->locked_ms,
           report->consistency != NULL ? report->consistency : "", report->consistency_reason);
    printf("file=%s\npos=%" PRIu64 "\ngtid=%s\n",
           report->point.file != NULL ? report->point.file : "", report->point.pos,
           report->point.gtid != NULL ? report->point.gtid : "");
}

int
main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: snapshot_probe SOURCE_PORT TARGET_PORT [name=value ...]\n");
        return BS_CONFIG;
    }
    bs_log_setup(BS_LOG_INFO, false);
    bs_stop_install_handlers();
    struct bs_endpoint source = local_endpoint(argv[1]);
    struct bs_endpoint target = local_endpoint(argv[2]);
    struct bs_selection selection = {.state_schema = bs_strdup("binstream")};
    struct bs_snapshot_config config = {
        .source = &source,
        .target = &target,
        .selection = &selection,
        .state = {"binstream", "default"},
        .threads = 2,
        .memory_bytes = (uint64_t)256 << 20,
        .lock_timeout_ms = 5000,
        .progress = on_progress,
    };
    struct bs_snapshot_report report = {0};
    struct bs_error err = {0};
    enum bs_status status = BS_OK;
    for (int i = 3; i < argc && status == BS_OK; i++) {
        if (!take_option(&config, &selection, &source, argv[i])) {
            status = bs_error_set(&err, BS_CONFIG, "bad option: %s", argv[i]);
        }
    }
    if (status == BS_OK) {
        status = bs_snapshot_run(&config, &report, &err);
        print_report(&report);
    }
    if (status != BS_OK) {
        printf("status=%s\n", bs_status_name(status));
        bs_log_error(BS_LOG_ERROR, &err);
    }
    bs_snapshot_report_fini(&report);
    bs_selection_fini(&selection);
    endpoint_free(&source);
    endpoint_free(&target);
    return (int)status;
}
