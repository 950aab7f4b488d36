# The tool alone, to be run on a folder that is mounted at /work:
#   docker build -t otaimg .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" otaimg build release.yaml
# A PKCS#11 module is not part of it: mount or install the one of your token.
FROM debian:bookworm-slim AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        cmake gcc libc6-dev libelf-dev libjansson-dev libp11-kit-dev libssl-dev libsystemd-dev \
        libyaml-dev ninja-build pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN cmake -G Ninja -S /source -B /build -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
        -DCMAKE_INSTALL_PREFIX=/usr \
    && cmake --build /build \
    && DESTDIR=/image cmake --install /build --strip

FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        libp11-kit0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home --shell /usr/sbin/nologin otaimg
COPY --from=build /image /
COPY LICENSE /usr/share/doc/otaimg/LICENSE
USER otaimg
WORKDIR /work
ENTRYPOINT ["otaimg"]
