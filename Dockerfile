# Untested by the project's own checks: no container engine runs where they run.
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
WORKDIR /bourse
ENV NODE_ENV=production
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/bin ./bin
COPY --from=build /build/dist ./dist
COPY --from=build /build/examples ./examples
USER node
EXPOSE 8080
VOLUME /data
# The policy file decides host, keys and store: bind 0.0.0.0 only with keys configured.
ENTRYPOINT ["node", "bin/bourse.js"]
CMD ["serve", "--config", "/data/bourse.yaml"]
