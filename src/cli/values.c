#include "cli/values.h"

const char *const BS_PROGRESS_CHOICES[] = {"auto", "bar", "plain", "none", NULL};
const char *const BS_LOG_LEVEL_CHOICES[] = {"debug", "info", "warning", "error", NULL};
const char *const BS_CONSISTENCY_CHOICES[] = {"auto", "lock-tables", "ftwrl", "lock-free", NULL};
const char *const BS_POSITION_CHOICES[] = {"auto", "gtid", "file", NULL};
const char *const BS_HOOK_LOST_CHOICES[] = {"again", "done", "undo", NULL};
const char *const BS_FREEZE_CHOICES[] = {"read-only", "lock-tables", "ftwrl", "none", NULL};
