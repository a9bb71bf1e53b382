public import RaftCore
import RaftStorage

/// The state machine as the node's loop sees it. The loop is the same code for machines of every type: it says when a
/// command has been applied, and whoever knows the type asks the machine's host what came of it.
///
/// Lives on the node's event loop.
protocol MachineHost: AnyObject {
    var kind: any StateMachine.Type { get }
    func apply(_ entry: Entry)
    /// Writes the state as it is now, whenever it is called.
    var picture: @Sendable (inout SnapshotWriter) throws -> Void { get }
    /// Puts a state of the same kind in place of the present one.
    func replace(by machine: any StateMachine)
}

@usableFromInline
final class HostedMachine<Machine: StateMachine>: MachineHost {
    @usableFromInline private(set) var machine: Machine
    private var lastResponse: Machine.Response?

    init(_ machine: Machine) { self.machine = machine }

    /// What applying the last command gave. To be asked for within the call that tells of it.
    @usableFromInline var response: Machine.Response {
        guard let lastResponse else { preconditionFailure("Nothing has been applied.") }
        return lastResponse
    }

    var kind: any StateMachine.Type { Machine.self }

    func apply(_ entry: Entry) {
        self.lastResponse = self.machine.apply(entry.payload, at: entry.index, time: entry.time)
    }

    var picture: @Sendable (inout SnapshotWriter) throws -> Void {
        let machine = self.machine
        return { writer in try machine.encode(into: &writer) }
    }

    func replace(by machine: any StateMachine) {
        guard let machine = machine as? Machine else { preconditionFailure("This is another machine's state.") }
        self.machine = machine
    }
}

/// How far a member's state has got.
@usableFromInline
struct Reach: Sendable {
    /// See `Applied`.
    @usableFromInline var index: LogIndex
    @usableFromInline var term: Term
    @usableFromInline var staleness: Duration?
}

extension Applied {
    @usableFromInline
    init(_ machine: Machine, _ reach: Reach) {
        self.init(machine: machine, index: reach.index, term: reach.term, staleness: reach.staleness)
    }
}
