import ClusterAPI
import Logging
import Synchronization

/// The door between one running pipeline and the others of its worker.
final class RouteDoor: Sendable {
    private let place: PipelineSpec.Place?
    private let wiring: [Wiring.RouteOutput]
    private let receives: Bool
    private let hub: RouteHub

    private struct Contents {
        var sender: RouteHub.Sender?
        var hasLeft = false
    }

    private let contents = Mutex(Contents())

    init(_ spec: PipelineSpec, _ wiring: Wiring, _ hub: RouteHub) {
        self.place = spec.place
        self.wiring = wiring.routeOutputs
        self.receives = spec.inputs?.contains { $0.connector == nil } ?? false
        self.hub = hub
    }

    private var peers: [PipelineSpec.Place] {
        self.wiring.flatMap { route -> [PipelineSpec.Place] in
            if case .peers(let places, _) = route.target { places } else { [] }
        }
    }

    /// Whether routes lead to other pipelines of the worker.
    var sendsWithinWorker: Bool { !self.peers.isEmpty }

    /// Opens for what other pipelines send.
    func open(_ inbox: EventInbox) {
        guard let place = self.place, self.receives else { return }
        self.hub.open(inbox, at: place)
    }

    /// Lets nothing more in.
    func close(_ inbox: EventInbox) {
        guard let place = self.place, self.receives else { return }
        self.hub.close(inbox, at: place)
    }

    /// The way out for what the pipeline emits; nil where no route leaves it.
    func outputs(_ sinks: Sinks, _ progress: PipelineProgress, _ logger: Logger) -> RouteOutputs? {
        let sender = self.contents.withLock { contents -> RouteHub.Sender? in
            guard let place = self.place, self.sendsWithinWorker, !contents.hasLeft else { return nil }
            contents.sender = self.hub.enter(place, sendingTo: self.peers)
            return contents.sender
        }
        return RouteOutputs(
            self.wiring,
            .init(hub: self.hub, sender: sender, sinks: sinks, progress: progress, logger: logger)
        )
    }

    /// Ends the way out: what nobody has taken is lost.
    func leave() {
        let sender = self.contents.withLock { contents in
            contents.hasLeft = true
            return contents.sender.take()
        }
        if let sender { self.hub.leave(sender) }
    }
}
