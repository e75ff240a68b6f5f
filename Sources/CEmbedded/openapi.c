#include "COpenAPI.h"

static const uint8_t document[] = {
#embed "../../openapi.yaml"
};

const uint8_t *polytask_openapi_bytes(void) { return document; }
size_t polytask_openapi_count(void) { return sizeof document; }
