#include "CEmbedded.h"

static const unsigned char initial[] = {
#embed "../../migrations/0001_initial.sql"
};
static const unsigned char keys[] = {
#embed "../../migrations/0002_keys.sql"
};
static const unsigned char reports[] = {
#embed "../../migrations/0003_reports.sql"
};
static const unsigned char imports[] = {
#embed "../../migrations/0004_imports.sql"
};
static const unsigned char pauses[] = {
#embed "../../migrations/0005_pauses.sql"
};

static const embedded_file migrations[] = {
    {"0001_initial.sql", initial, sizeof initial},
    {"0002_keys.sql", keys, sizeof keys},
    {"0003_reports.sql", reports, sizeof reports},
    {"0004_imports.sql", imports, sizeof imports},
    {"0005_pauses.sql", pauses, sizeof pauses},
};

size_t embedded_migration_count(void) { return sizeof migrations / sizeof *migrations; }

embedded_file embedded_migration(size_t index) { return migrations[index]; }
