/* The decoder of the simulation: where in the log its client is. */
#ifndef BS_SIM_GLUE_H
#define BS_SIM_GLUE_H

#include "binlog/decoder.h"

struct bs_decoder {
    const char *file, *end_file;
    uint64_t end_pos;
    bool in_group;
};

const struct bs_table_map *sim_table_map(int table);

#endif
