# SPDX-License-Identifier: Apache-2.0
ARG NODE_VERSION=24

FROM docker.io/library/node:${NODE_VERSION}-trixie-slim AS application
WORKDIR /build
COPY package.json package-lock.json .npmrc tsconfig.json LICENSE ./
# Nothing here needs an install script; none may run one.
RUN npm ci --ignore-scripts
COPY packaging/application.ts packaging/on-demand.ts packaging/write-bundle.ts ./packaging/
COPY packaging/image/application-files.ts ./packaging/image/
COPY codegen/packages/production-packages.ts ./codegen/packages/
COPY src ./src
# Node runs the TypeScript sources as they are too, but 1,700 modules take a second of each start, and the one that removes types 30 MiB.
RUN node packaging/application.ts /application

FROM gcr.io/distroless/nodejs${NODE_VERSION}-debian13:nonroot
ARG NODE_VERSION
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="Hallmark" \
      org.opencontainers.image.description="Kubernetes operator that signs what Tekton builds, per team" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs${NODE_VERSION}-debian13:nonroot"
# Threads for signatures, files and the name of the API server. The names that teams give are looked up without threads. The allocator of the C
# library gives back what a start took, once it is told how much it may keep.
ENV NODE_ENV=production HALLMARK_REVISION=${REVISION} UV_THREADPOOL_SIZE=16 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
# Owned by root and not writable by the user that runs it. Besides the bundle, it holds the packages that the bundle loads on demand, and the
# licences of what is in it: the same files as the image of `npm run image`.
COPY --from=application /application/app ./
USER 65532:65532
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
# The garbage collector is told what the container may take, so that it works before the kernel does. New objects get little room, because
# V8 never gives back what they once took. WebAssembly, which reads HTTP, is compiled once and not a second time for speed, as that takes 20 MiB.
ENTRYPOINT ["/nodejs/bin/node", "--max-old-space-size-percentage=60", "--max-semi-space-size=4", "--liftoff-only", "/app/dist/main.js"]
CMD ["--config", "/etc/hallmark/config.yaml"]
