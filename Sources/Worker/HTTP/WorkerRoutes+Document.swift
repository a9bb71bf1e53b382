import Hummingbird

extension WorkerRoutes {
    /// The description of this API in its own terms, which is part of the program.
    func addDocument(to routes: some RouterMethods<WorkerContext>) {
        routes.get("openapi.json") { _, _ -> Response in
            .json(.ok, bytes: PackageResources.openapi_json)
        }
    }
}
