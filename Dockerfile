# The container image that the manifests reference. It holds both models; the variable MODELS selects those to serve.
#   docker build -t tandem:0.1.0 .
# `npm run image` also builds with podman or buildah, and packs your own models.
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS base

FROM base AS build
# The engine to serve with: onnxruntime, or tfjs-node (TensorFlow).
ARG ENGINE=onnxruntime
WORKDIR /app
# Build tools for tfjs-node's native part; none of them reaches the final image.
RUN if [ "$ENGINE" = tfjs-node ]; then \
      apt-get update && apt-get install -y --no-install-recommends python3 python3-pip g++ make; \
    fi
COPY package.json package-lock.json .npmrc ./
COPY scripts/build-tfjs-node.sh scripts/
# --ignore-scripts: fetch packages and nothing else. The secret holds the certificates of a network with its own authority.
RUN --mount=type=secret,id=certificates \
    if [ -s /run/secrets/certificates ]; then \
      export NODE_EXTRA_CA_CERTS=/run/secrets/certificates PIP_CERT=/run/secrets/certificates; \
    fi; \
    npm ci --ignore-scripts && \
    if [ "$ENGINE" = tfjs-node ]; then npm run build:tfjs-node; else rm -rf node_modules/@tensorflow/tfjs-node; fi
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/image-sbom.ts scripts/
COPY bench bench
COPY charts charts
COPY cli cli
COPY files files
COPY statistics statistics
COPY models models
COPY service service
COPY infra infra
RUN npm run build

# The folder of saved models in the build context, and which of them to pack.
ARG MODELS_DIR=models/demo
ARG MODELS=accuracy,latency
COPY ${MODELS_DIR} saved
# Export the graphs here, so that a read-only container starts at once. A graph holds all weights: onnxruntime needs only
# the saved model's manifest beside it. TensorFlow needs the weights and their base. One image through each model makes
# onnxruntime keep the graph as it optimised it.
RUN mkdir -p served onnx && \
    models=$(echo "$MODELS" | tr , ' ') && \
    MODELS_DIR=/app/saved node build/cli/main.js pack $models --out served && \
    if [ -d saved/samples ]; then cp -r saved/samples served/; fi && \
    if [ "$ENGINE" = onnxruntime ]; then \
      MODELS_DIR=/app/served node build/cli/main.js export $models --out onnx && \
      for model in $models; do \
        MODELS_DIR=/app/served ONNX_CACHE_DIR=/app/onnx \
          node build/cli/main.js predict "$model" models/demo/samples/weave.jpg || exit 1; \
      done && \
      find served \( -name '*.h5' -o -name '*.safetensors*' \) ! -name weights.safetensors -delete; \
    fi
# Remove development packages, the other engines and what only they depend on.
RUN if [ "$ENGINE" = tfjs-node ]; then \
      npm pkg delete dependencies.onnxruntime-node optionalDependencies.koffi && \
      rm -rf node_modules/@tensorflow/tfjs-node/deps/include node_modules/@tensorflow/tfjs-node/build-tmp-napi-v8; \
    else \
      npm pkg delete dependencies.@tensorflow/tfjs dependencies.h5wasm optionalDependencies && \
      find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -path "*/linux/$(node -p process.arch)" \
        -exec rm -r {} +; \
    fi && \
    npm pkg delete devDependencies peerDependencies dependencies.yaml dependencies.@tensorflow/tfjs-backend-wasm && \
    npm prune --ignore-scripts && \
    find node_modules -name '*.map' -delete && \
    find node_modules/swagger-ui-dist -name '*.js' ! -name swagger-ui-bundle.js -delete
COPY --from=base /var/lib/dpkg/status dpkg-status
RUN npm sbom --sbom-format cyclonedx >npm.cdx.json && \
    node build/scripts/image-sbom.js npm.cdx.json dpkg-status >sbom.cdx.json

FROM base
ARG ENGINE=onnxruntime
ARG MODELS=accuracy,latency
WORKDIR /app
# The values of service/inference/malloc.ts, for the parent process too.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=1048576
ENV NODE_ENV=production ENGINE=${ENGINE} MODELS=${MODELS} MODELS_DIR=/app/served ONNX_CACHE_DIR=/app/onnx PORT=8080
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/package.json /app/sbom.cdx.json ./
COPY --from=build /app/service/page service/page
COPY --from=build /app/build/bench build/bench
COPY --from=build /app/build/bundle build/bundle
COPY --from=build /app/build/charts build/charts
COPY --from=build /app/build/cli build/cli
COPY --from=build /app/build/files build/files
# Of infra/, "bench" loads these alone: a test follows its imports.
COPY --from=build /app/build/infra/quantity.js /app/build/infra/variants.js build/infra/
COPY --from=build /app/build/infra/construct/load-limits.js build/infra/construct/
COPY --from=build /app/build/statistics build/statistics
COPY --from=build /app/build/models build/models
COPY --from=build /app/build/service build/service
COPY --from=build /app/onnx onnx
COPY --from=build /app/served served
# Root owns every file; the process can write to /tmp only.
USER 65532:65532
EXPOSE 8080
CMD ["node", "build/bundle/main.js"]
