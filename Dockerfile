# The image holds the binary and the base model; scripts/bootstrap does here what it does on a machine.
FROM swift:6.3.1-bookworm AS build
WORKDIR /src
COPY scripts/bootstrap scripts/common.sh scripts/
RUN scripts/bootstrap
COPY . .
RUN bash -c 'source scripts/common.sh && build_release_static'

FROM debian:12-slim
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libopenblas0-pthread libsqlite3-0 libssl3 zlib1g ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /data polytask
COPY --from=build /src/.build/release/polytask /usr/local/bin/polytask
COPY --from=build /src/.build/models/ /usr/share/polytask/models/
USER polytask
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD curl -fsS http://127.0.0.1:8000/readyz || exit 1
# Importing the same model again changes nothing.
CMD ["sh", "-c", "polytask models import /usr/share/polytask/models/SmolLM2-135M-Instruct.Q4_1.gguf \
    --name smollm2-135m-instruct --data /data && exec polytask serve --host 0.0.0.0 --data /data"]
