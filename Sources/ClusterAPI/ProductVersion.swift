/// The version of this build, as commands and probes tell it: the only place where it is written.
public enum ProductVersion {
    public static let current = "0.3.0"
}
