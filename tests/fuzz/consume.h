/* What the fuzz targets and the torture program do with whatever was decoded: touch every byte of
 * it, so that a view that points where it must not is seen by the sanitizer. */
#ifndef FUZZ_CONSUME_H
#define FUZZ_CONSUME_H

#include "binlog/decoder.h"
#include "binlog/rows.h"

#include <stdint.h>

/* libFuzzer's entry point, declared for -Wmissing-prototypes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A heap block of exactly the size of the bytes; free() it. */
char *copy_exactly(struct bs_str bytes);

void consume_str(struct bs_str text);
void consume_statement(const struct bs_statement *statement);

/* A sink of `events`: holds that what comes is lines, each one a JSON object of UTF-8, and adds how
 * many they are to the size_t that arg points to. */
enum bs_status consume_lines(void *arg, struct bs_str text, struct bs_error *err);

/* Opens a rows event and reads all of its rows, of which there were *count: first without a model,
 * then with the table, or where that is NULL with a model that is guessed from the map. The status
 * is that of the second reading. */
enum bs_status consume_rows(const struct bs_event *event, const struct bs_table_map *map,
                            const struct bs_table *table, size_t *count, struct bs_error *err);

/* Reads all that an item of the decoder holds, and adds the rows in it to *rows. */
enum bs_status consume_item(const struct bs_item *item, size_t *rows, struct bs_error *err);

#endif
