import ClusterAPI
import HTTPTypes
import Hummingbird

extension WorkerRoutes {
    /// Creating, listing and deleting tenants, for who shows the worker's own key.
    func addTenants(to routes: some RouterMethods<WorkerContext>) {
        routes.post { request, _ -> Response in
            let body = try APIJSON.decode(
                CreateTenantRequest.self,
                from: try await request.jsonBytes().readableBytesView
            )
            guard (1...256).contains(body.name.utf8.count) else {
                throw WorkerAPIError(.badRequest, "Invalid request body: `name` must have 1 to 256 bytes")
            }
            let quota = body.quotaTier?.quota ?? .standard
            let (tenant, key) = try await self.tenants.create(name: body.name, quota: quota)
            return Response.json(
                .created,
                CreateTenantResponse(id: tenant.id, name: tenant.name, apiKey: key, quota: tenant.quota)
            )
        }
        routes.get { request, _ -> Response in
            let page = try Self.page(request)
            return Response.json(
                .ok,
                Page(page, of: self.tenants.tenants.map { TenantInfo(id: $0.id, name: $0.name, quota: $0.quota) })
            )
        }
        routes.get(":id") { _, context -> Response in
            let id = try self.id(context)
            guard let tenant = self.tenants.tenant(id) else { throw WorkerAPIError.tenantNotFound(id) }
            let pipelines = await self.registry.pipelines(of: tenant)
            return Response.json(
                .ok,
                TenantInfo(
                    id: tenant.id,
                    name: tenant.name,
                    quota: tenant.quota,
                    usage: tenant.usage(pipelines),
                    pipelineCount: pipelines.count
                )
            )
        }
        routes.delete(":id") { _, context -> Response in
            let tenant = try await self.tenants.remove(try self.id(context))
            for pipeline in await self.registry.pipelines(of: tenant) {
                try await self.end(try await self.registry.remove(pipeline.spec.id, epoch: nil), of: tenant)
            }
            return Response.json(.ok, DeletedResponse())
        }
    }

    func addUsage(to routes: some RouterMethods<WorkerContext>) {
        routes.get("usage") { _, context -> Response in
            let tenant = try self.tenant(context)
            let usage = tenant.usage(await self.registry.pipelines(of: tenant))
            return Response.json(.ok, UsageResponse(tenantID: tenant.id, usage: usage, quota: tenant.quota))
        }
    }
}
