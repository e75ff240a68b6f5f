// zlib, with a macro as a function.
#pragma once
#include <zlib.h>

/// A decoder of gzip streams (RFC 1952) and nothing else.
static inline int gzip_decoder_init(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
