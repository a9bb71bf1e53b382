internal import Glibc

extension RaftDatabase {
    /// Makes the log's file that long at least, with zeros on the disk where there is nothing yet.
    ///
    /// A commit that overwrites what is there need only wait for its own bytes; one that lengthens the file waits for the
    /// file system's journal too, each time. Call it before the database is written to. What can't be had is done
    /// without: a file that stays short costs time only.
    public func reserve(logBytes: Int) {
        let descriptor = open(self.path + "/data.mdb", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = lseek(descriptor, 0, SEEK_END)
        guard length >= 0, length < logBytes else { return }
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var end = length
        while end < logBytes {
            let written = pwrite(descriptor, zeros, min(zeros.count, logBytes - end), off_t(end))
            guard written > 0 else { break }
            end += written
        }
        // On a disk that is nearly full what is left must not be wasted on zeros.
        if end < logBytes || fsync(descriptor) != 0 { _ = ftruncate(descriptor, length) }
    }
}
