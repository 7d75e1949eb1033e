/* GTID sets as values: add, has, subset. Text and wire forms are in gtid_text.c, gtid_wire.c. */
#include "binlog/gtid_set.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct bs_gtid_set *
bs_gtid_set_new(enum bs_flavour flavour) {
    struct bs_gtid_set *set = bs_zalloc(sizeof *set);
    set->flavour = flavour;
    return set;
}

void
bs_gtid_set_free(struct bs_gtid_set *set) {
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->source_count; i++) {
        free(set->sources[i].intervals);
    }
    free(set->sources);
    free(set->domains);
    free(set);
}

static int
compare_source(const struct bs_gtid_source *source, const uint8_t *uuid, const char *tag) {
    int order = memcmp(source->uuid, uuid, BS_UUID_LEN);
    return order != 0 ? order : strcmp(source->tag, tag);
}

/* The index of the source, or where it would be. */
static size_t
find_source(const struct bs_gtid_set *set, const uint8_t *uuid, const char *tag, bool *found) {
    if (set->last < set->source_count && compare_source(&set->sources[set->last], uuid, tag) == 0) {
        *found = true;
        return set->last;
    }
    size_t low = 0;
    size_t high = set->source_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare_source(&set->sources[mid], uuid, tag);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *found = false;
    return low;
}

struct bs_gtid_source *
bs_gtid_set_source(struct bs_gtid_set *set, const uint8_t *uuid, const char *tag) {
    BS_ASSERT(strlen(tag) <= BS_TAG_LEN_MAX);
    bool found = false;
    size_t at = find_source(set, uuid, tag, &found);
    set->last = at;
    if (found) {
        return &set->sources[at];
    }
    bs_array_grow((void **)&set->sources, &set->source_cap, set->source_count,
                  sizeof *set->sources);
    memmove(&set->sources[at + 1], &set->sources[at],
            (set->source_count - at) * sizeof *set->sources);
    set->source_count++;
    struct bs_gtid_source *source = &set->sources[at];
    *source = (struct bs_gtid_source){0};
    memcpy(source->uuid, uuid, BS_UUID_LEN);
    memcpy(source->tag, tag, strlen(tag) + 1);
    return source;
}

bool
bs_tag_is_valid(struct bs_str tag) {
    for (size_t i = 0; i < tag.len; i++) {
        char t = tag.data[i];
        if (!((t >= 'a' && t <= 'z') || t == '_' || (t >= '0' && t <= '9' && i > 0))) {
            return false;
        }
    }
    return tag.len <= BS_TAG_LEN_MAX;
}

/* The first interval that ends at or after number. */
static size_t
find_interval(const struct bs_gtid_source *source, uint64_t number) {
    size_t low = 0;
    size_t high = source->count;
    if (high > 0 && source->intervals[high - 1].end <= number) {
        return source->intervals[high - 1].end == number ? high - 1 : high;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (source->intervals[mid].end < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

void
bs_gtid_source_add(struct bs_gtid_source *source, uint64_t start, uint64_t end) {
    BS_ASSERT(start > 0 && start < end);
    size_t at = find_interval(source, start);
    if (at == source->count || source->intervals[at].start > end) {
        bs_array_grow((void **)&source->intervals, &source->cap, source->count,
                      sizeof *source->intervals);
        memmove(&source->intervals[at + 1], &source->intervals[at],
                (source->count - at) * sizeof *source->intervals);
        source->intervals[at] = (struct bs_gtid_interval){start, end};
        source->count++;
        return;
    }
    /* It touches intervals[at]: widen that one, and swallow those behind that are now reached. */
    struct bs_gtid_interval *first = &source->intervals[at];
    first->start = start < first->start ? start : first->start;
    first->end = end > first->end ? end : first->end;
    size_t next = at + 1;
    while (next < source->count && source->intervals[next].start <= first->end) {
        if (source->intervals[next].end > first->end) {
            first->end = source->intervals[next].end;
        }
        next++;
    }
    if (next > at + 1) {
        memmove(&source->intervals[at + 1], &source->intervals[next],
                (source->count - next) * sizeof *source->intervals);
        source->count -= next - at - 1;
    }
}

/* The index of the domain, or where it would be. */
static size_t
find_domain(const struct bs_gtid_set *set, uint32_t domain) {
    size_t low = 0;
    size_t high = set->domain_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (set->domains[mid].domain < domain) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

void
bs_gtid_set_put_domain(struct bs_gtid_set *set, struct bs_gtid_domain entry) {
    size_t at = find_domain(set, entry.domain);
    if (at == set->domain_count || set->domains[at].domain != entry.domain) {
        bs_array_grow((void **)&set->domains, &set->domain_cap, set->domain_count,
                      sizeof *set->domains);
        memmove(&set->domains[at + 1], &set->domains[at],
                (set->domain_count - at) * sizeof *set->domains);
        set->domain_count++;
    }
    set->domains[at] = entry;
}

void
bs_gtid_set_add(struct bs_gtid_set *set, const struct bs_gtid *gtid) {
    BS_ASSERT(gtid->known && gtid->flavour == set->flavour);
    if (set->flavour == BS_MARIADB) {
        bs_gtid_set_put_domain(
            set, (struct bs_gtid_domain){gtid->domain, gtid->server_id, gtid->number});
        return;
    }
    bs_gtid_source_add(bs_gtid_set_source(set, gtid->uuid, gtid->tag), gtid->number,
                       gtid->number + 1);
}

static bool
source_covers(const struct bs_gtid_source *source, uint64_t start, uint64_t end) {
    size_t at = find_interval(source, end);
    return at < source->count && source->intervals[at].start <= start &&
           source->intervals[at].end >= end;
}

bool
bs_gtid_set_has(const struct bs_gtid_set *set, const struct bs_gtid *gtid) {
    BS_ASSERT(gtid->known && gtid->flavour == set->flavour);
    if (set->flavour == BS_MARIADB) {
        size_t at = find_domain(set, gtid->domain);
        return at < set->domain_count && set->domains[at].domain == gtid->domain &&
               set->domains[at].number >= gtid->number;
    }
    bool found = false;
    size_t at = find_source(set, gtid->uuid, gtid->tag, &found);
    return found && source_covers(&set->sources[at], gtid->number, gtid->number + 1);
}

bool
bs_gtid_set_single(const struct bs_gtid_set *set, struct bs_gtid *gtid) {
    const struct bs_gtid_source *source = set->sources;
    if (set->source_count != 1 || source->count != 1 ||
        source->intervals[0].end - source->intervals[0].start != 1) {
        return false;
    }
    *gtid =
        (struct bs_gtid){.known = true, .flavour = BS_MYSQL, .number = source->intervals[0].start};
    memcpy(gtid->uuid, source->uuid, BS_UUID_LEN);
    memcpy(gtid->tag, source->tag, sizeof gtid->tag);
    return true;
}

bool
bs_gtid_set_is_empty(const struct bs_gtid_set *set) {
    return set->source_count == 0 && set->domain_count == 0;
}

static bool
source_is_subset(const struct bs_gtid_source *inner, const struct bs_gtid_set *outer) {
    bool found = false;
    size_t at = find_source(outer, inner->uuid, inner->tag, &found);
    if (!found) {
        return inner->count == 0;
    }
    for (size_t i = 0; i < inner->count; i++) {
        if (!source_covers(&outer->sources[at], inner->intervals[i].start,
                           inner->intervals[i].end)) {
            return false;
        }
    }
    return true;
}

bool
bs_gtid_set_is_subset(const struct bs_gtid_set *inner, const struct bs_gtid_set *outer) {
    BS_ASSERT(inner->flavour == outer->flavour);
    for (size_t i = 0; i < inner->source_count; i++) {
        if (!source_is_subset(&inner->sources[i], outer)) {
            return false;
        }
    }
    for (size_t i = 0; i < inner->domain_count; i++) {
        size_t at = find_domain(outer, inner->domains[i].domain);
        if (at == outer->domain_count || outer->domains[at].domain != inner->domains[i].domain ||
            outer->domains[at].number < inner->domains[i].number) {
            return false;
        }
    }
    return true;
}
