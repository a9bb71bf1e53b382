import ClusterAPI
import Engine
import Logging

/// Sends what a pipeline emits on its routes. Belongs to the engine's thread.
///
/// Whether a route goes over a broker or stays in the worker, the receiver is given the same JSON, and so the same events.
struct RouteOutputs {
    /// What a pipeline's routes need beside their wiring.
    struct Surroundings {
        let hub: RouteHub
        /// Nil for a pipeline that sends to none of its worker, or is being stopped already.
        let sender: RouteHub.Sender?
        let sinks: Sinks
        let progress: PipelineProgress
        let logger: Logger
    }

    private let routes: [Wiring.RouteOutput]
    private let surroundings: Surroundings
    /// By route, and by replica of its peer: what stays in the worker and is not sent yet.
    private var pending: [[EventPayloads]]
    /// The routes for events of the type seen last.
    private var type: String?
    private var routesOfType: [Int] = []

    /// How many events go to another pipeline together.
    private static let batchEventsMax = 4096

    /// Nil for a pipeline that no route leaves.
    init?(_ routes: [Wiring.RouteOutput], _ surroundings: Surroundings) {
        guard !routes.isEmpty else { return nil }
        self.routes = routes
        self.surroundings = surroundings
        self.pending = routes.map { route in
            guard case .peers(let places, _) = route.target else { return [] }
            return places.map { _ in EventPayloads(arrival: 0) }
        }
    }

    /// Sends each event on the routes for its type, blocking where they are full. The receipt's batch is done when all of
    /// them have arrived.
    mutating func send(_ events: [Event], receipt: BatchReceipt?) {
        guard !events.isEmpty else { return }
        let now = WallClock.nanoseconds()
        for event in events {
            self.turn(to: event.type)
            guard !self.routesOfType.isEmpty else { continue }
            let payload = EventEncoder.sinkPayload(event)
            for number in self.routesOfType {
                switch self.routes[number].target {
                case .broker(let connection, let topic):
                    self.surroundings.sinks.route(payload, over: connection, to: topic, receipt: receipt)
                case .peers(let places, let key):
                    let replica = PayloadLook.replica(of: payload, key: key, count: places.count)
                    self.add(payload, number, replica, now, receipt)
                }
            }
        }
        for (number, replicas) in self.pending.enumerated() {
            for replica in replicas.indices { self.sendPending(number, replica, receipt) }
        }
    }

    private mutating func turn(to type: String) {
        if self.type == type { return }
        self.type = type
        self.routesOfType = self.routes.indices.filter { self.routes[$0].eventTypes.match(type) }
    }

    // MARK: - Within the worker

    private mutating func add(_ payload: [UInt8], _ route: Int, _ replica: Int, _ now: Int64, _ receipt: BatchReceipt?)
    {
        if self.pending[route][replica].count == 0 { self.pending[route][replica] = EventPayloads(arrival: now) }
        self.pending[route][replica].append(payload, defaultType: nil)
        if self.pending[route][replica].count >= Self.batchEventsMax { self.sendPending(route, replica, receipt) }
    }

    private mutating func sendPending(_ route: Int, _ replica: Int, _ receipt: BatchReceipt?) {
        let payloads = self.pending[route][replica]
        guard payloads.count > 0, case .peers(let places, _) = self.routes[route].target else { return }
        self.pending[route][replica] = EventPayloads(arrival: 0)
        receipt?.addShare()
        guard let sender = self.surroundings.sender else {
            receipt?.settle(isLost: true)
            return
        }
        let content = EventBatch.Content.payloads(payloads, connector: "route to \(places[replica].name)")
        let outcome = self.surroundings.hub.send(content, receipt: receipt, to: places[replica], by: sender)
        if outcome == .refused { self.refused(payloads.count, by: places[replica]) }
    }

    private func refused(_ count: Int, by place: PipelineSpec.Place) {
        for _ in 0..<count {
            guard let total = self.surroundings.progress.countFailure(\.deliveriesFailed) else { continue }
            self.surroundings.logger.warning(
                "delivery failed",
                metadata: [
                    "sink": "\(place.name)", "reason": "a circle of routes multiplies events", "count": "\(total)",
                ]
            )
        }
    }
}
