#pragma once
#include <stddef.h>
#include "COpenAPI.h"
