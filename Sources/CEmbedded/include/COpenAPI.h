// The API's description, built into the binary.
#pragma once
#include <stddef.h>
#include <stdint.h>

const uint8_t *_Nullable polytask_openapi_bytes(void);
size_t polytask_openapi_count(void);
