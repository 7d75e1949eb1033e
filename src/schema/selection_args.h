/* The selection as text from which it can be had back: what the state keeps, so that follow need
 * not be told again what is selected. Pure. One list a line: its option's name, then each entry
 * behind a tab; backslash, tab and newline are escaped with a backslash. */
#ifndef BS_SCHEMA_SELECTION_ARGS_H
#define BS_SCHEMA_SELECTION_ARGS_H

#include "base/error.h"
#include "schema/selection.h"

char *bs_selection_encode(const struct bs_selection *selection); /* heap-owned */

/* Fills the four lists; state_schema stays as it is. BS_SCHEMA if text is not of this form. */
enum bs_status bs_selection_decode(struct bs_selection *selection, const char *text,
                                   struct bs_error *err) BS_MUST_CHECK;

#endif
