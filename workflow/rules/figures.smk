# Figures of derivative files, shown by `snakemake --report`.


rule plot_rsa_heatmap:
    """Region by region similarity, averaged over pairs of subjects."""
    input:
        unpack(inputs("plot_rsa_heatmap")),
    output:
        report(
            FLOW["plot_rsa_heatmap"].output,
            caption="../report/rsa_heatmap.rst",
            category=SECTIONS["subjects"],
            subcategory="{dataset}",
            labels={"figure": "heat map of {rsa_figure_table}"},
        ),
    log:
        log_of(FLOW["plot_rsa_heatmap"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_rsa_heatmap"),
        command=command("plot_rsa_heatmap"),
    shell:
        run("plot_rsa_heatmap")


rule plot_rsa_ranking:
    """Regions ranked by inter-subject similarity."""
    input:
        unpack(inputs("plot_rsa_ranking")),
    output:
        report(
            FLOW["plot_rsa_ranking"].output,
            caption="../report/rsa_ranking.rst",
            category=SECTIONS["subjects"],
            subcategory="{dataset}",
            labels={"figure": "ranking of {rsa_figure_table}"},
        ),
    log:
        log_of(FLOW["plot_rsa_ranking"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_rsa_ranking"),
        command=command("plot_rsa_ranking"),
    shell:
        run("plot_rsa_ranking")
