import Glibc

/// The machine's processors.
enum ProcessorCount {
    static var online: UInt32 {
        UInt32(clamping: max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))))
    }
}
