/// The events of one stream, or of the input, as a stream of the same batch sees them: some of the batch's rows, and what
/// each field's name means in them.
///
/// A stream's result lies in the row of the event that it came from. So streams share rows, and an order of outputs is an
/// order of rows. Only matches of sequences have rows of their own: see `RowOrigin`.
struct Frame {
    var selection: Selection
    /// By slot; nil where no event has the field.
    var columns: [Column?]
    /// Nanoseconds since 1970, by row.
    var times: UnsafeMutablePointer<Int64>
    /// The fields in order, where they are known: after `.emit` and `.select`. Nil for events as they came.
    var fields: [Field]?
    /// Its events are those of the input: they have fields beside those in the columns.
    var isInput = false
    /// Of the frame whose rows these are all or some of, if expressions over it may be evaluated once: frames with fewer
    /// rows have the same number. 0 for one whose columns nobody asks for twice.
    var number = 0
    /// The type of its events; nil where they are of several, each its own.
    var type: String?
    /// Where its rows come from; nil where they are those of the batch.
    var origin: RowOrigin?
    /// What the runs held that its events are the matches of, by slot of the sequence.
    var captured: [Column?] = []

    struct Field {
        let name: String
        let column: Column
    }
}
