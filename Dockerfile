# The image that infra's manifests reference: both models inside, the MODELS variable chooses.
# docker build -t tandem:0.1.0 .            ENGINE=tfjs-node as a build argument serves with TensorFlow instead.
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
ARG ENGINE=onnxruntime
WORKDIR /app
# What tfjs-node's native part is built with; nothing of it reaches the final image.
RUN if [ "$ENGINE" = tfjs-node ]; then \
      apt-get update && apt-get install -y --no-install-recommends python3 python3-pip g++ make; \
    fi
COPY package.json package-lock.json .npmrc ./
COPY scripts/build-tfjs-node.sh scripts/
# Without install scripts nothing is fetched but packages.
RUN npm ci --ignore-scripts && \
    if [ "$ENGINE" = tfjs-node ]; then npm run build:tfjs-node; else rm -rf node_modules/@tensorflow/tfjs-node; fi
COPY tsconfig.json tsconfig.build.json cli.ts ./
COPY models models
COPY service service
COPY infra infra
RUN npm run build
# Exported here, so that a read-only container starts from finished graphs.
ENV ONNX_CACHE_DIR=/app/onnx
RUN node build/cli.js export accuracy latency
RUN npm prune --omit=dev && rm -rf node_modules/onnxruntime-node/bin/napi-v*/win32 node_modules/onnxruntime-node/bin/napi-v*/darwin

FROM ${NODE_IMAGE}
ARG ENGINE=onnxruntime
WORKDIR /app
ENV NODE_ENV=production ENGINE=${ENGINE} ONNX_CACHE_DIR=/app/onnx PORT=8080
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/onnx onnx
COPY --from=build /app/models/demo models/demo
COPY --from=build /app/service/page service/page
COPY --from=build /app/build build
# Root owns all of it; the process may write to /tmp only.
USER 65532:65532
EXPOSE 8080
CMD ["node", "build/service/main.js"]
